import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLatencyEwma } from './latency-ewma.ts';

test('a peak counts at once and is forgotten gradually', () => {
  const ewma = createLatencyEwma({ decayMs: 10_000 });
  ewma.end(100, 0);
  ewma.end(5_000, 1);
  expect(ewma.valueMs(1)).toBe(5_000);
  ewma.end(100, 1_001);
  const afterASecond = ewma.valueMs(1_001) ?? Number.NaN;
  expect(afterASecond).toBeCloseTo(5_000 * Math.exp(-0.1) + 100 * (1 - Math.exp(-0.1)), 6);
});

test('silence decays it by the time constant, so that a target passed over is tried again', () => {
  const ewma = createLatencyEwma({ decayMs: 10_000 });
  ewma.end(1_000, 0);
  expect(ewma.valueMs(10_000)).toBeCloseTo(1_000 / Math.E, 6);
  expect(ewma.valueMs(1e9)).toBe(0);
});

test('attempts in flight multiply the cost', () => {
  const ewma = createLatencyEwma();
  ewma.end(200, 0);
  expect(ewma.cost(0)).toBe(200);
  ewma.start();
  ewma.start();
  expect(ewma.cost(0)).toBe(600);
  ewma.end(null, 0);
  expect(ewma.inFlight).toBe(1);
  expect(ewma.cost(0)).toBe(400);
});

test('a target never measured is tried first, by one attempt', () => {
  const ewma = createLatencyEwma({ unmeasuredMs: 60_000 });
  expect(ewma.valueMs(0)).toBeNull();
  expect(ewma.cost(0)).toBe(0);
  ewma.start();
  expect(ewma.cost(0)).toBe(60_000);
});

test('an end without a latency, or with nonsense for one, is not learnt from', () => {
  const ewma = createLatencyEwma();
  ewma.end(300, 0);
  for (const latencyMs of [null, Number.NaN, -1, Number.POSITIVE_INFINITY]) ewma.end(latencyMs, 0);
  expect(ewma.valueMs(0)).toBe(300);
  expect(ewma.inFlight).toBe(0);
});

test('the average stays between 0 and the highest latency seen, whatever the times', () => {
  const sample = fc.record({
    latencyMs: fc.integer({ min: 0, max: 1e6 }),
    nowMs: fc.integer({ min: -1e6, max: 1e6 }),
  });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
      const ewma = createLatencyEwma();
      for (const { latencyMs, nowMs } of samples) {
        ewma.end(latencyMs, nowMs);
        expect(ewma.valueMs(nowMs)).toBeGreaterThanOrEqual(0);
        expect(ewma.valueMs(nowMs)).toBeLessThanOrEqual(Math.max(...samples.map((one) => one.latencyMs)));
      }
    }),
  );
});

test('bad options throw with the value received', () => {
  expect(() => createLatencyEwma({ decayMs: 0 })).toThrow(/decayMs .* received 0/);
});
