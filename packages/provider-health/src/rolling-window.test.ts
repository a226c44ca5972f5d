import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countsAgainstProvider, OUTCOMES, type Outcome } from './outcome.ts';
import { createRollingWindow, type RollingWindow } from './rolling-window.ts';

interface Sample {
  readonly bucket: number;
  readonly outcome: Outcome;
  readonly latencyMs: number;
}

const WINDOW_MS = 1000;
const BUCKETS = 8;
const BUCKET_MS = WINDOW_MS / BUCKETS;

/** Keeps every sample and filters: what the ring of buckets must agree with. */
class NaiveWindow {
  #samples: Sample[] = [];
  #bucket = 0;

  record(outcome: Outcome, latencyMs: number, nowMs: number): void {
    this.#see(nowMs);
    this.#samples.push({ bucket: this.#bucket, outcome, latencyMs });
  }

  held(nowMs: number): readonly Sample[] {
    this.#see(nowMs);
    return this.#samples.filter(({ bucket }) => bucket > this.#bucket - BUCKETS);
  }

  #see(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket <= this.#bucket - BUCKETS) {
      this.#samples = [];
      this.#bucket = bucket;
    }
    this.#bucket = Math.max(this.#bucket, bucket);
  }
}

const count = (held: readonly Sample[], is: (outcome: Outcome) => boolean): number =>
  held.filter(({ outcome }) => is(outcome)).length;

const timedLatencies = (held: readonly Sample[]): number[] =>
  held
    .filter(({ outcome }) => outcome === 'success' || outcome === 'timeout')
    .map(({ latencyMs }) => latencyMs)
    .sort((a, b) => a - b);

function expectWithin(actual: number | null, latencies: readonly number[], quantile: number): void {
  const exact = latencies[Math.max(1, Math.ceil(quantile * latencies.length)) - 1];
  if (exact === undefined) expect(actual).toBeNull();
  else expect(Math.abs((actual ?? Number.NaN) - exact) / exact).toBeLessThanOrEqual(0.0400001);
}

function expectSame(window: RollingWindow, held: readonly Sample[], nowMs: number): void {
  const snapshot = window.snapshot(nowMs);
  const failed = count(held, countsAgainstProvider);
  const judged = failed + count(held, (is) => is === 'success');
  expect(window.samples(nowMs)).toBe(held.length);
  expect(window.judged(nowMs)).toBe(judged);
  expect(window.failed(nowMs)).toBe(failed);
  expect(window.errorRate(nowMs)).toBe(judged === 0 ? 0 : failed / judged);
  for (const outcome of OUTCOMES) {
    expect(snapshot.counts[outcome]).toBe(count(held, (is) => is === outcome));
  }
  const latencies = timedLatencies(held);
  expectWithin(snapshot.p50Ms, latencies, 0.5);
  expectWithin(snapshot.p95Ms, latencies, 0.95);
  expectWithin(snapshot.p99Ms, latencies, 0.99);
  const sumMs = latencies.reduce((total, latencyMs) => total + latencyMs, 0);
  if (latencies.length === 0) expect(snapshot.averageMs).toBeNull();
  else expect(snapshot.averageMs).toBeCloseTo(sumMs / latencies.length, 2);
}

const attempt = fc.record({
  outcome: fc.constantFrom(...OUTCOMES),
  latencyMs: fc.double({ min: 0, max: Math.log(1_200_000), noNaN: true }).map(Math.exp),
  // Mostly small steps, at times a gap, at times backwards.
  stepMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 150 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -2500, max: 0 }) },
  ),
});

describe('a rolling window', () => {
  test('holds what a naive list of samples holds, whatever the outcomes, latencies and times', () => {
    fc.assert(
      fc.property(
        fc.array(attempt, { maxLength: 150, size: 'max' }),
        fc.nat({ max: 1e9 }),
        (attempts, startMs) => {
          const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS });
          const naive = new NaiveWindow();
          let nowMs = startMs;
          for (const { outcome, latencyMs, stepMs } of attempts) {
            nowMs += stepMs;
            window.record(outcome, latencyMs, nowMs);
            naive.record(outcome, latencyMs, nowMs);
            expectSame(window, naive.held(nowMs), nowMs);
          }
        },
      ),
    );
  });

  test('keeps a sample for the window less a bucket at least and for the window at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.array(fc.integer({ min: 0, max: WINDOW_MS }), { maxLength: 20 }),
        (startMs, steps) => {
          const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS });
          window.record('success', 10, startMs);
          let nowMs = startMs;
          for (const step of steps) {
            nowMs += step;
            const ageMs = nowMs - startMs;
            if (ageMs <= WINDOW_MS - BUCKET_MS) expect(window.samples(nowMs)).toBe(1);
            if (ageMs >= WINDOW_MS) expect(window.samples(nowMs)).toBe(0);
          }
        },
      ),
    );
  });

  test('knows nothing at first: error rate 0, percentiles null', () => {
    const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS });
    expect(window.snapshot(5)).toMatchObject({
      samples: 0,
      errorRate: 0,
      p50Ms: null,
      p95Ms: null,
      averageMs: null,
    });
  });

  test('is empty again after a gap longer than itself', () => {
    const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS });
    for (let nowMs = 0; nowMs < WINDOW_MS; nowMs += 10) window.record('timeout', 500, nowMs);
    expect(window.errorRate(WINDOW_MS)).toBe(1);
    expect(window.snapshot(10 * WINDOW_MS)).toMatchObject({ samples: 0, failed: 0, p99Ms: null });
  });

  test('shows a provider that hangs in its percentiles, and not one that refuses at once', () => {
    const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS });
    for (let i = 0; i < 9; i++) window.record('success', 100, 0);
    window.record('timeout', 30_000, 0);
    for (const outcome of ['network', 'provider_error', 'client_closed', 'caller'] as const) {
      for (let i = 0; i < 100; i++) window.record(outcome, 1, 0);
    }
    expect(window.quantileMs(0.5, 0)).toBeGreaterThan(95);
    expect(window.quantileMs(0.95, 0)).toBeGreaterThan(28_800);
  });

  test('reports what is under its range as 1 ms and what is over it as 20 min', () => {
    const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS });
    for (const latencyMs of [0, 0.2, -5]) window.record('success', latencyMs, 0);
    expect(window.quantileMs(1, 0)).toBe(1);
    for (const latencyMs of [5e6, Number.POSITIVE_INFINITY]) window.record('success', latencyMs, 0);
    expect(window.quantileMs(1, 0)).toBe(1_200_000);
    expect(window.snapshot(0).averageMs).toBeLessThanOrEqual(1_200_000);
  });

  test('counts an attempt whose latency is not known without guessing one', () => {
    const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS });
    window.record('success', Number.NaN, 0);
    expect(window.snapshot(0)).toMatchObject({ succeeded: 1, p50Ms: null, averageMs: null });
  });

  test('survives times that are not numbers', () => {
    const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS });
    window.record('success', 10, 100);
    for (const nowMs of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      window.record('success', 10, nowMs);
    }
    expect(window.samples(100)).toBe(4);
    expect(window.samples(100 + WINDOW_MS)).toBe(0);
  });

  test('keeps counts alone where latencies are not wanted', () => {
    const window = createRollingWindow({ windowMs: WINDOW_MS, buckets: BUCKETS, latency: false });
    window.record('success', 10, 0);
    expect(window.snapshot(0)).toMatchObject({ samples: 1, p50Ms: null, averageMs: null });
  });

  test('refuses bad options and says what it received', () => {
    expect(() => createRollingWindow({ windowMs: 0, buckets: 5 })).toThrow(
      new RangeError('windowMs must be a number of at least 1, received 0'),
    );
    expect(() => createRollingWindow({ windowMs: 1000, buckets: 2.5 })).toThrow(/buckets .* received 2.5/);
    expect(() => createRollingWindow({ windowMs: Number.NaN, buckets: 5 })).toThrow(
      /windowMs .* received NaN/,
    );
  });
});
