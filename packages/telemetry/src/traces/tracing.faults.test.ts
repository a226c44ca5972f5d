import { type FakeOtlp, startFakeOtlp } from '@gatewayz/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Environment } from './environment-values.ts';
import type { SpanCounts } from './span-queue.ts';
import { createSpans } from './spans-fixture.ts';
import { createTracing, type Tracing } from './tracing.ts';

let collector: FakeOtlp;
let tracing: Tracing | null = null;
let problems: string[];

beforeEach(async () => {
  problems = [];
  collector = await startFakeOtlp();
});
afterEach(async () => {
  await tracing?.close(0);
  tracing = null;
  await collector.close();
});

function start(environment: Environment = {}): Tracing {
  const started = createTracing({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment },
    serviceName: 'test',
    onProblem: (problem) => problems.push(problem),
  });
  if (started === null) throw new Error('tracing is off');
  tracing = started;
  return started;
}

const sumOf = ({ exported, droppedFull, droppedFailed, queued }: SpanCounts): number =>
  exported + droppedFull + droppedFailed + queued;

describe('a collector that fails', () => {
  const FAST = { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10', OTEL_BSP_MAX_QUEUE_SIZE: '100' };

  async function recordRequests(own: Tracing, requests: number): Promise<void> {
    for (let number = 0; number < requests; number++) {
      const trace = own.begin({});
      own.record(trace, createSpans(trace, number));
      if (number % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
      const counts = own.counts();
      expect(sumOf(counts)).toBe(3 * (number + 1));
      expect(counts.queued).toBeLessThanOrEqual(100);
    }
  }

  test.each<[string, () => void | Promise<void>]>([
    ['is down', () => collector.stop()],
    ['hangs', () => collector.setScript({ kind: 'hang' })],
    ['resets', () => collector.setScript({ kind: 'reset', keeps: false })],
    [
      'answers 503',
      () => collector.setScript({ kind: 'reply', status: 503, headers: { 'retry-after': '60' } }),
    ],
  ])('and %s costs no more than the queue, and the books balance', async (_, fail) => {
    await fail();
    const own = start({ ...FAST, OTEL_BSP_EXPORT_TIMEOUT: '300' });
    await recordRequests(own, 200);
    await own.flush(10_000);
    expect(own.counts()).toMatchObject({ recorded: 600, exported: 0, queued: 0 });
    expect(own.counts().droppedFull).toBeGreaterThan(0);
    expect(own.counts().droppedFailed).toBeGreaterThan(0);
    expect(collector.spans).toEqual([]);
    expect(problems[0]).toContain('traces: ');
  });

  test('with 400 loses what it refused, and the next spans arrive', async () => {
    collector.setScript([{ kind: 'reply', status: 400 }, { kind: 'accept' }]);
    const own = start({ ...FAST, OTEL_BSP_MAX_QUEUE_SIZE: '1000' });
    await recordRequests(own, 10).then(() => own.flush(5000));
    expect(own.counts()).toMatchObject({ recorded: 30, exported: 20, droppedFailed: 10 });
    expect(collector.spans).toHaveLength(20);
    expect(problems).toEqual(['traces: the collector took no spans (status 400)']);
  });

  test('in part has kept exactly what is counted', async () => {
    collector.setScript([{ kind: 'partial', rejectedSpans: 4 }, { kind: 'accept' }]);
    const own = start(FAST);
    await recordRequests(own, 10).then(() => own.flush(5000));
    expect(own.counts()).toMatchObject({ recorded: 30, exported: 26, droppedFailed: 4 });
    expect(collector.spans).toHaveLength(26);
  });

  test('for a while loses nothing that the queue holds', async () => {
    collector.setScript([
      { kind: 'reset', keeps: false },
      { kind: 'reply', status: 503 },
      { kind: 'accept' },
    ]);
    const own = start(FAST);
    await recordRequests(own, 10).then(() => own.flush(20_000));
    expect(own.counts()).toMatchObject({ recorded: 30, exported: 30 });
    expect(collector.spans).toHaveLength(30);
  });

  test('by hanging does not hold up the end', async () => {
    collector.setScript({ kind: 'hang' });
    // Ten minutes: a close that waited for the collector would outlast the test's time.
    const own = start({ OTEL_EXPORTER_OTLP_TIMEOUT: '600000', OTEL_BSP_EXPORT_TIMEOUT: '600000' });
    const trace = own.begin({});
    own.record(trace, createSpans(trace, 1));
    await own.close(150);
    own.record(trace, createSpans(trace, 2));
    expect(own.counts()).toEqual({ recorded: 6, exported: 0, droppedFull: 0, droppedFailed: 6, queued: 0 });
  });

  test('after the answer was lost may have spans twice, never none', async () => {
    collector.setScript([{ kind: 'reset', keeps: true }, { kind: 'accept' }]);
    const own = start();
    const trace = own.begin({});
    own.record(trace, createSpans(trace, 1));
    await own.flush(10_000);
    expect(own.counts()).toMatchObject({ recorded: 3, exported: 3 });
    expect(collector.spans).toHaveLength(6);
    expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(3);
  });
});

test('a listener of problems that throws takes nothing with it', async () => {
  collector.setScript({ kind: 'reply', status: 400 });
  tracing = createTracing({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: 'bad' },
    onProblem: () => {
      throw new Error('no');
    },
  });
  const trace = tracing?.begin({});
  if (trace !== undefined) tracing?.record(trace, createSpans(trace, 1));
  await tracing?.flush(5000);
  expect(tracing?.counts()).toMatchObject({ recorded: 3, droppedFailed: 3, queued: 0 });
});
