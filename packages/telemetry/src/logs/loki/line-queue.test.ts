import { expect, it } from 'vitest';
import { LineQueue } from './line-queue.ts';
import { readEntries, toPushJson } from './push-entries.ts';

it('gives back every line once, in order, whatever is in it', () => {
  const queue = new LineQueue({ maxLines: 10_000, maxBytes: 10_000_000 });
  const lines = Array.from(
    { length: 3_000 },
    (_, at) => `{"n":${at},"text":"žluťoučký 🐎 \\n ${'x'.repeat(at % 99)}"}`,
  );
  for (const [at, line] of lines.entries()) {
    expect(queue.add(`${at % 3} ${1_000 + at} ${at % 2 === 0 ? '{"request_id":"r 1"}' : ''}`, line)).toBe(
      true,
    );
  }
  const got: string[] = [];
  for (let batch = queue.take(100_000); batch !== null; batch = queue.take(100_000)) {
    const body = JSON.parse(
      toPushJson(readEntries(batch.bytes), ['{"s":"0"}', '{"s":"1"}', '{"s":"2"}']).toString(),
    ) as {
      streams: { stream: { s: string }; values: [string, string, object?][] }[];
    };
    const entries = body.streams.flatMap(({ stream, values }) => values.map((value) => ({ stream, value })));
    expect(entries).toHaveLength(batch.lines);
    entries.sort((a, b) => Number(a.value[0]) - Number(b.value[0]));
    for (const { stream, value } of entries) {
      const at = Number(value[0]) - 1_000;
      expect(stream.s).toBe(String(at % 3));
      expect(value[2]).toEqual(at % 2 === 0 ? { request_id: 'r 1' } : undefined);
      got.push(value[1]);
    }
    queue.settle();
  }
  expect(got).toEqual(lines);
  expect([queue.lines, queue.bytes]).toEqual([0, 0]);
});

it('keeps what is on its way until it is settled', () => {
  const queue = new LineQueue({ maxLines: 10, maxBytes: 1_000 });
  queue.add('0 1 ', 'first');
  const first = queue.take(1_000);
  queue.add('0 2 ', 'second');
  expect(queue.lines).toBe(2);
  expect(queue.take(1)?.bytes).toEqual(first?.bytes);
  queue.settle();
  expect(queue.lines).toBe(1);
  expect(queue.clear()).toBe(1);
  expect(queue.take(1)).toBeNull();
});

it('is bounded by lines and by bytes', () => {
  const byLines = new LineQueue({ maxLines: 2, maxBytes: 1_000 });
  expect([1, 2, 3].map((at) => byLines.add(`0 ${at} `, 'x'))).toEqual([true, true, false]);
  const byBytes = new LineQueue({ maxLines: 100, maxBytes: 100 });
  expect(byBytes.add('0 1 ', 'x'.repeat(60))).toBe(true);
  expect(byBytes.add('0 2 ', 'x'.repeat(60))).toBe(false);
  expect(byBytes.add('0 3 ', 'x'.repeat(20))).toBe(true);
});
