import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRetryBudget } from './retry-budget.ts';

test('every fifth request earns a retry', () => {
  const budget = createRetryBudget({ floorPerSecond: 0, floorBurst: 0 });
  for (let i = 0; i < 4; i++) budget.deposit();
  expect(budget.tryWithdraw(0)).toBe(false);
  budget.deposit();
  expect(budget.tryWithdraw(0)).toBe(true);
  expect(budget.tryWithdraw(0)).toBe(false);
});

test('ten requests at a ratio of 0.1 earn exactly one retry', () => {
  const budget = createRetryBudget({ ratio: 0.1, floorPerSecond: 0, floorBurst: 0 });
  for (let i = 0; i < 10; i++) budget.deposit();
  expect(budget.available(0)).toBe(1);
});

test('a quiet gateway can retry from its floor, which fills again with time up to its bound', () => {
  const budget = createRetryBudget({ floorPerSecond: 2, floorBurst: 3 });
  expect([1, 2, 3, 4].map(() => budget.tryWithdraw(1_000))).toEqual([true, true, true, false]);
  expect(budget.tryWithdraw(1_499)).toBe(false);
  expect(budget.tryWithdraw(1_500)).toBe(true);
  expect(budget.available(1e9)).toBe(3);
});

test('what was saved up is bounded, so that a quiet night pays for no storm', () => {
  const budget = createRetryBudget({ maxSaved: 10, floorPerSecond: 0, floorBurst: 0 });
  for (let i = 0; i < 10_000; i++) budget.deposit();
  expect(budget.available(0)).toBe(10);
});

test('retries never exceed the ratio of requests and the floor, whatever the order and the times', () => {
  const act = fc.oneof(
    fc.constant<'request' | 'retry'>('request'),
    fc.constant<'request' | 'retry'>('retry'),
    fc.integer({ min: -500, max: 2_000 }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 300, size: 'max' }), (acts) => {
      const budget = createRetryBudget({ ratio: 0.2, maxSaved: 5, floorPerSecond: 1, floorBurst: 2 });
      let nowMs = 0;
      let firstMs = Number.POSITIVE_INFINITY;
      let latestMs = Number.NEGATIVE_INFINITY;
      let requests = 0;
      let retries = 0;
      for (const one of acts) {
        if (typeof one === 'number') {
          nowMs += one;
          latestMs = Math.max(latestMs, nowMs);
        } else if (one === 'request') {
          requests++;
          budget.deposit();
        } else {
          firstMs = Math.min(firstMs, nowMs);
          if (budget.tryWithdraw(nowMs)) retries++;
        }
        expect(retries).toBeLessThanOrEqual(
          0.2 * requests + 2 + Math.max(0, latestMs - firstMs) / 1000 + 1e-9,
        );
      }
    }),
  );
});

test('bad options throw with the value received', () => {
  expect(() => createRetryBudget({ ratio: 2 })).toThrow(/ratio .* received 2/);
  expect(() => createRetryBudget({ floorBurst: -1 })).toThrow(/floorBurst .* received -1/);
});
