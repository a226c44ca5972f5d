import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createEpochClock } from './epoch-clock.ts';
import type { BatchSink } from './export-thread.ts';
import type { FinishedSpan, Trace } from './finished-span.ts';
import type { BatchResult } from './otlp-sender.ts';
import type { SpanBatch } from './span-batch.ts';
import { type SpanCounts, SpanQueue } from './span-queue.ts';
import type { QueueSettings } from './tracing-settings.ts';

const TRACE: Trace = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: '',
  isSampled: true,
  tracestate: '',
  baggage: '',
};
const SPAN: FinishedSpan = {
  name: 'work',
  kind: 'internal',
  spanId: 'd'.repeat(16),
  parentSpanId: '',
  startMs: 1,
  endMs: 2,
  attributes: {},
};
const LIMITS = {
  attributes: 128,
  valueLength: 100_000,
  events: 128,
  links: 128,
  attributesPerEvent: 128,
  attributesPerLink: 128,
};
const SETTINGS: QueueSettings = {
  maxSpans: 100,
  maxBytes: 1_000_000,
  batchSpans: 10,
  delayMs: 5000,
  batchTimeoutMs: 30_000,
};

/** A sink that answers when it is told to. */
class HeldSink implements BatchSink {
  readonly open: { readonly spans: number; readonly answer: (result: BatchResult) => void }[] = [];
  readonly batches: number[] = [];
  isClosed = false;

  send({ spans }: SpanBatch): Promise<BatchResult> {
    this.batches.push(spans);
    return new Promise((answer) => this.open.push({ spans, answer }));
  }

  close(): void {
    this.isClosed = true;
    for (const { answer } of this.open.splice(0)) answer({ exported: 0, problem: 'ended' });
  }

  async answer(exportedOf: (spans: number) => number, problem: string | null = null): Promise<void> {
    const batch = this.open.shift();
    batch?.answer({ exported: exportedOf(batch.spans), problem });
    await turns();
  }
}

const all = (spans: number): number => spans;
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const sumOf = ({ exported, droppedFull, droppedFailed, queued }: SpanCounts): number =>
  exported + droppedFull + droppedFailed + queued;

function start(settings: Partial<QueueSettings> = {}) {
  const sink = new HeldSink();
  const problems: string[] = [];
  const queue = new SpanQueue({
    settings: { ...SETTINGS, ...settings },
    limits: LIMITS,
    resource: { 'service.name': 'test' },
    sink,
    clock: createEpochClock(),
    onProblem: (problem) => problems.push(problem),
  });
  const add = (count: number, span: FinishedSpan = SPAN): void =>
    queue.add(TRACE, { name: 'test', version: '' }, Array(count).fill(span));
  return { queue, sink, problems, add };
}

afterEach(() => vi.useRealTimers());

describe('batches', () => {
  test('leave when they are full, after the call that filled them, four at a time', async () => {
    const { queue, sink, add } = start();
    add(55);
    expect(sink.batches).toEqual([]);
    await turns();
    expect(sink.batches).toEqual([10, 10, 10, 10]);
    await sink.answer(all);
    expect(sink.batches).toEqual([10, 10, 10, 10, 10]);
    expect(queue.counts()).toEqual({
      recorded: 55,
      exported: 10,
      droppedFull: 0,
      droppedFailed: 0,
      queued: 45,
    });
  });

  test('that do not fill leave after the delay', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { sink, add } = start();
    add(3);
    vi.advanceTimersByTime(4999);
    await turns();
    expect(sink.batches).toEqual([]);
    vi.advanceTimersByTime(1);
    await turns();
    expect(sink.batches).toEqual([3]);
  });

  test('of large spans leave before a collector would refuse their size', async () => {
    const { sink, add } = start({ maxBytes: 10_000_000 });
    add(9, { ...SPAN, attributes: { a: 'x'.repeat(90_000), b: 'x'.repeat(90_000), c: 'x'.repeat(70_000) } });
    await turns();
    expect(sink.batches).toEqual([5]);
  });
});

describe('a full queue', () => {
  test('drops what comes and counts it, those on their way included', async () => {
    const { queue, sink, add } = start();
    add(130);
    await turns();
    expect(queue.counts()).toEqual({
      recorded: 130,
      exported: 0,
      droppedFull: 30,
      droppedFailed: 0,
      queued: 100,
    });
    await sink.answer(all);
    add(11);
    expect(queue.counts()).toMatchObject({ exported: 10, droppedFull: 31, queued: 100 });
  });

  test('is full by size as well', () => {
    const { queue, add } = start({ maxBytes: 50_000 });
    add(10, { ...SPAN, attributes: { long: 'x'.repeat(20_000) } });
    expect(queue.counts()).toMatchObject({ queued: 3, droppedFull: 7 });
  });
});

test('what a collector rejects counts as failed', async () => {
  const { queue, sink, add } = start();
  add(20);
  await turns();
  await sink.answer((spans) => spans - 4, 'rejected 4');
  await sink.answer(() => 0, 'status 400');
  expect(queue.counts()).toEqual({ recorded: 20, exported: 6, droppedFull: 0, droppedFailed: 14, queued: 0 });
});

test('a problem is told once until it is over', async () => {
  const { sink, problems, add } = start();
  for (const problem of ['down', 'down', null, 'down', 'other']) {
    add(10);
    await turns();
    await sink.answer(all, problem);
  }
  expect(problems).toEqual(['down', 'down', 'other']);
});

test('a sink that rejects has failed, and nothing is unhandled', async () => {
  const { queue, sink, problems, add } = start();
  sink.send = () => Promise.reject(new Error('bug'));
  add(10);
  await turns();
  expect(queue.counts()).toMatchObject({ droppedFailed: 10, queued: 0 });
  expect(problems).toHaveLength(1);
});

describe('flush', () => {
  test('resolves when everything is exported', async () => {
    const { queue, sink, add } = start();
    add(5);
    const flushed = queue.flush(10_000);
    await turns();
    await sink.answer(all);
    await flushed;
    expect(queue.counts()).toMatchObject({ exported: 5, queued: 0 });
  });

  test('gives up after its budget, and loses nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { queue, add } = start();
    add(5);
    const flushed = queue.flush(200);
    vi.advanceTimersByTime(200);
    await flushed;
    expect(queue.counts()).toMatchObject({ queued: 5, droppedFailed: 0 });
  });
});

describe('close', () => {
  test('counts what is left after its budget as failed, and what comes later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { queue, sink, add } = start();
    add(25);
    const closed = queue.close(200);
    await turns();
    await sink.answer(all);
    vi.advanceTimersByTime(200);
    await closed;
    expect(sink.isClosed).toBe(true);
    add(3);
    await turns();
    expect(queue.counts()).toEqual({
      recorded: 28,
      exported: 10,
      droppedFull: 0,
      droppedFailed: 18,
      queued: 0,
    });
    await queue.close(1000);
  });
});

test('at every moment every span recorded is in exactly one place', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), count: fc.nat(40) }),
    fc.record({ kind: fc.constant('answer' as const), share: fc.constantFrom(0, 0.5, 1) }),
    fc.constant({ kind: 'flush' as const }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { queue, sink, add } = start();
      let recorded = 0;
      for (const each of steps) {
        if (each.kind === 'add') {
          add(each.count);
          recorded += each.count;
        } else if (each.kind === 'answer') await sink.answer((spans) => Math.floor(spans * each.share));
        else await queue.flush(0);
        expect(sumOf(queue.counts())).toBe(recorded);
        expect(queue.counts().recorded).toBe(recorded);
        expect(queue.counts().queued).toBeLessThanOrEqual(SETTINGS.maxSpans);
      }
      await queue.close(0);
      await turns();
      expect(queue.counts().queued).toBe(0);
      expect(sumOf(queue.counts())).toBe(recorded);
    }),
    { numRuns: 60 },
  );
});
