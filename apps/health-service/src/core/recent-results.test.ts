import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentResults } from './recent-results.ts';

test('too few results say nothing', () => {
  const recent = new RecentResults(5);
  expect([recent.failedShare(1), recent.isP95From(0, 1)]).toEqual([null, false]);
  recent.add(1);
  recent.addLatency(10);
  expect([recent.failedShare(2), recent.isP95From(10, 2)]).toEqual([null, false]);
  expect([recent.failedShare(1), recent.isP95From(10, 1)]).toEqual([1, true]);
});

test('share and percentile are those of the last results alone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.nat(60_000)), { minLength: 1, maxLength: 100 }),
      (results) => {
        const recent = new RecentResults(20);
        for (const [isFailed, latencyMs] of results) {
          recent.add(Number(isFailed));
          recent.addLatency(latencyMs);
        }
        const last = results.slice(-20);
        const sorted = last.map(([, latencyMs]) => latencyMs).sort((a, b) => a - b);
        expect(recent.failedShare(1)).toBeCloseTo(last.filter(([isFailed]) => isFailed).length / last.length);
        const p95Ms = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN;
        expect([recent.isP95From(p95Ms, 1), recent.isP95From(p95Ms + 1, 1)]).toEqual([true, false]);
      },
    ),
  );
});

test('an outage that has ended is forgotten, the latencies are not', () => {
  const recent = new RecentResults(5);
  for (let index = 0; index < 5; index++) recent.add(1);
  recent.addLatency(10);
  recent.forgetFailures();
  recent.add(0);
  expect([recent.failedShare(1), recent.isP95From(10, 1)]).toEqual([0, true]);
});
