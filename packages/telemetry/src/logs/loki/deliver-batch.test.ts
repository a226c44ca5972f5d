import { describe, expect, it } from 'vitest';
import { deliverBatch } from './deliver-batch.ts';
import type { PushResult } from './push-request.ts';

function entriesOf(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    stream: 0,
    json: Buffer.from(`["${at}","line ${at}"]`),
  }));
}

function answer(status: number, text = '', retryAfter = ''): PushResult {
  return { kind: 'answer', status, text, retryAfter };
}

/** A Loki that takes every entry but those of these numbers. */
function picky(bad: readonly number[]) {
  const taken = new Set<string>();
  let pushes = 0;
  const push = async (body: Uint8Array): Promise<PushResult> => {
    pushes += 1;
    const { streams } = JSON.parse(Buffer.from(body).toString()) as {
      streams: { values: [string, string][] }[];
    };
    const values = streams.flatMap((stream) => stream.values);
    const good = values.filter(([time]) => !bad.includes(Number(time)));
    for (const [time] of good) taken.add(time);
    return answer(good.length === values.length ? 204 : 400, 'line_too_long');
  };
  return { push, taken, pushes: () => pushes };
}

const OPTIONS = {
  compress: (json: Buffer) => json,
  wait: async () => {},
  onTrouble: () => {},
};

describe('a batch with bad lines', () => {
  it.each([[[0]], [[99]], [[3, 50, 51]], [[]]])(
    'counts as delivered exactly what was taken, but for %j',
    async (bad) => {
      const loki = picky(bad);
      const delivery = await deliverBatch(entriesOf(100), ['{}'], { ...OPTIONS, push: loki.push });
      expect(delivery).toMatchObject({ delivered: loki.taken.size, rejected: bad.length });
    },
  );

  it('is given up after a bounded number of pushes, and no line is left out of the counts', async () => {
    const loki = picky(Array.from({ length: 1_000 }, (_, at) => at));
    const delivery = await deliverBatch(entriesOf(1_000), ['{}'], { ...OPTIONS, push: loki.push });
    expect(delivery).toMatchObject({ delivered: 0, rejected: 1_000, reason: 'status 400: line_too_long' });
    expect(loki.pushes()).toBeLessThanOrEqual(64);
  });

  it.each([401, 403, 404, 302])('is not halved after %i', async (status) => {
    let pushes = 0;
    const push = async () => {
      pushes += 1;
      return answer(status);
    };
    const delivery = await deliverBatch(entriesOf(10), ['{}'], { ...OPTIONS, push });
    expect(delivery).toMatchObject({ delivered: 0, rejected: 10 });
    expect(pushes).toBe(1);
  });
});

it('tries again after 429, 5xx and broken connections, and hands on what Retry-After said', async () => {
  const results: PushResult[] = [
    answer(429, 'too fast', '3'),
    answer(503),
    { kind: 'failure', reason: 'ECONNREFUSED' },
    answer(204),
  ];
  const waits: (readonly [number, string])[] = [];
  const troubles: string[] = [];
  const delivery = await deliverBatch(entriesOf(2), ['{}'], {
    ...OPTIONS,
    push: async () => results.shift() as PushResult,
    wait: async (failures, retryAfter) => void waits.push([failures, retryAfter]),
    onTrouble: (reason) => troubles.push(reason),
  });
  expect(delivery).toEqual({ delivered: 2, rejected: 0, reason: '' });
  expect(waits).toEqual([
    [1, '3'],
    [2, ''],
    [3, ''],
  ]);
  expect(troubles).toEqual(['status 429: too fast', 'status 503', 'ECONNREFUSED']);
});
