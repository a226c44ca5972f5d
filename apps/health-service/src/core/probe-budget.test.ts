import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { budgetDay, ProbeBudget, type Reservation, toMicroUsd } from './probe-budget.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 0, 31, 12);
const LIMIT = { tokensPerDay: 100, microUsdPerDay: 1000 };

const budgetOf = (): ProbeBudget => new ProbeBudget({ perProvider: LIMIT });

describe('reserve and settle', () => {
  test('what is reserved is not given to another probe, and the rest comes back on settling', () => {
    const budget = budgetOf();
    const first = budget.reserve('p', { tokens: 60, microUsd: 10 }, NOON);
    expect(budget.reserve('p', { tokens: 60, microUsd: 10 }, NOON)).toBeNull();
    expect(budget.spent('p', NOON)).toEqual({ tokens: 0, microUsd: 0 });
    if (first === null) throw new Error('no room');
    expect(budget.settle(first, { tokens: 20, microUsd: 3 })).toEqual({
      provider: 'p',
      day: '2026-01-31',
      tokens: 20,
      microUsd: 3,
    });
    expect(budget.reserve('p', { tokens: 60, microUsd: 10 }, NOON)).not.toBeNull();
  });

  test('a reservation is settled once', () => {
    const budget = budgetOf();
    const reservation = budget.reserve('p', { tokens: 10, microUsd: 1 }, NOON) as Reservation;
    budget.settle(reservation, { tokens: 10, microUsd: 1 });
    budget.settle(reservation, { tokens: 10, microUsd: 1 });
    budget.release(reservation);
    expect(budget.spent('p', NOON)).toEqual({ tokens: 10, microUsd: 1 });
  });

  test('a probe that cost more than was held is counted in full, and the day is spent', () => {
    const budget = budgetOf();
    budget.settle(budget.reserve('p', { tokens: 16, microUsd: 1 }, NOON) as Reservation, {
      tokens: 500,
      microUsd: 1,
    });
    expect(budget.isSpent('p', NOON)).toBe(true);
    expect(budget.isSpent('other', NOON)).toBe(false);
  });

  test('money alone stops probes too', () => {
    const budget = budgetOf();
    expect(budget.canAfford('p', { tokens: 1, microUsd: 1001 }, NOON)).toBe(false);
    budget.settle(budget.reserve('p', { tokens: 1, microUsd: 1 }, NOON) as Reservation, {
      tokens: 1,
      microUsd: 2000,
    });
    expect(budget.isSpent('p', NOON)).toBe(true);
  });

  test('a provider whose probes cost nothing needs no money, one that used all of its money is spent', () => {
    const budget = new ProbeBudget({ perProvider: { tokensPerDay: 100, microUsdPerDay: 0 } });
    expect(budget.reserve('local', { tokens: 50, microUsd: 0 }, NOON)).not.toBeNull();
    expect(budget.isSpent('local', NOON)).toBe(false);
    const paid = budgetOf();
    paid.settle(paid.reserve('p', { tokens: 1, microUsd: 1000 }, NOON) as Reservation, {
      tokens: 1,
      microUsd: 1000,
    });
    expect(paid.isSpent('p', NOON)).toBe(true);
  });

  test('a rest that is too small for a probe is none, and what is only reserved is not spent', () => {
    const budget = new ProbeBudget({ perProvider: LIMIT, tokensPerProbe: 40 });
    const held = budget.reserve('p', { tokens: 100, microUsd: 0 }, NOON) as Reservation;
    expect(budget.isSpent('p', NOON)).toBe(false);
    budget.settle(held, { tokens: 60, microUsd: 0 });
    expect(budget.isSpent('p', NOON)).toBe(false);
    budget.restore({ provider: 'p', day: budgetDay(NOON), tokens: 61, microUsd: 0 });
    expect(budget.isSpent('p', NOON)).toBe(true);
  });

  test('hostile usage never lowers what is spent', () => {
    const budget = budgetOf();
    for (const tokens of [-50, Number.NaN, Number.NEGATIVE_INFINITY]) {
      budget.settle(budget.reserve('p', { tokens: 1, microUsd: 0 }, NOON) as Reservation, {
        tokens,
        microUsd: tokens,
      });
    }
    expect(budget.spent('p', NOON)).toEqual({ tokens: 0, microUsd: 0 });
    budget.settle(budget.reserve('p', { tokens: 1, microUsd: 0 }, NOON) as Reservation, {
      tokens: 1e30,
      microUsd: Number.POSITIVE_INFINITY,
    });
    expect(budget.spent('p', NOON).tokens).toBe(Number.MAX_SAFE_INTEGER);
    expect(budget.isSpent('p', NOON)).toBe(true);
  });

  test('a limit of zero allows nothing, and a provider may have its own', () => {
    const budget = new ProbeBudget({
      perProvider: LIMIT,
      overrides: { free: { tokensPerDay: 0, microUsdPerDay: 0 } },
    });
    expect(budget.isSpent('free', NOON)).toBe(true);
    expect(budget.isSpent('p', NOON)).toBe(false);
    expect(budget.limitOf('toString')).toEqual(LIMIT);
  });
});

describe('days', () => {
  test('midnight UTC gives a new budget, and a late settlement belongs to the day of its reservation', () => {
    const budget = budgetOf();
    const lastMs = Date.UTC(2026, 1, 1) - 1;
    const reservation = budget.reserve('p', { tokens: 100, microUsd: 0 }, lastMs) as Reservation;
    const least = { tokens: 1, microUsd: 0 };
    expect(budget.canAfford('p', least, lastMs)).toBe(false);
    expect(budget.canAfford('p', least, lastMs + 1)).toBe(true);
    budget.settle(reservation, { tokens: 100, microUsd: 0 });
    expect(budget.spent('p', lastMs)).toEqual({ tokens: 100, microUsd: 0 });
    expect(budget.spent('p', lastMs + 1)).toEqual({ tokens: 0, microUsd: 0 });
  });

  test('a stored day is taken over, and an older sum does not lower it', () => {
    const budget = new ProbeBudget({ perProvider: LIMIT }, [
      { provider: 'p', day: budgetDay(NOON), tokens: 90, microUsd: 5 },
    ]);
    budget.restore({ provider: 'p', day: budgetDay(NOON), tokens: 10, microUsd: 7 });
    budget.restore({ provider: 'p', day: 'not a day', tokens: 10, microUsd: 7 });
    expect(budget.spent('p', NOON)).toEqual({ tokens: 90, microUsd: 7 });
  });

  test('a day from before those that are kept counts as spent', () => {
    const budget = budgetOf();
    budget.settle(budget.reserve('p', { tokens: 100, microUsd: 0 }, NOON) as Reservation, {
      tokens: 100,
      microUsd: 0,
    });
    for (let day = 1; day <= 40; day++) budget.reserve('p', { tokens: 1, microUsd: 0 }, NOON + day * DAY_MS);
    expect(budget.isSpent('p', NOON)).toBe(true);
    expect(budget.reserve('p', { tokens: 1, microUsd: 0 }, NOON)).toBeNull();
  });

  test('however the clock jumps, no day gives more than its limit', () => {
    const visit = fc.record({ day: fc.nat(60), tokens: fc.integer({ min: 1, max: 100 }) });
    fc.assert(
      fc.property(fc.array(visit, { maxLength: 200 }), (visits) => {
        const budget = budgetOf();
        const given = new Map<number, number>();
        for (const { day, tokens } of visits) {
          const reservation = budget.reserve('p', { tokens, microUsd: 0 }, NOON + day * DAY_MS);
          if (reservation === null) continue;
          budget.settle(reservation, { tokens, microUsd: 0 });
          given.set(day, (given.get(day) ?? 0) + tokens);
        }
        expect(Math.max(0, ...given.values())).toBeLessThanOrEqual(LIMIT.tokensPerDay);
      }),
    );
  });

  test('spent and held never pass the limit while probes cost no more than was held', () => {
    const order = fc.record({
      tokens: fc.nat(60),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      settle: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(order, { maxLength: 100 }), (orders) => {
        const budget = budgetOf();
        const held: Reservation[] = [];
        let spent = 0;
        for (const { tokens, share, settle } of orders) {
          const reservation = budget.reserve('p', { tokens, microUsd: tokens }, NOON);
          if (reservation !== null) held.push(reservation);
          const oldest = settle ? held.shift() : undefined;
          if (oldest !== undefined) {
            const used = Math.floor(oldest.cost.tokens * share);
            spent += used;
            budget.settle(oldest, { tokens: used, microUsd: used });
          }
          const holding = held.reduce((sum, one) => sum + one.cost.tokens, 0);
          expect(budget.spent('p', NOON).tokens).toBe(spent);
          expect(spent + holding).toBeLessThanOrEqual(LIMIT.tokensPerDay);
        }
      }),
    );
  });
});

test('prices are rounded up to whole millionths of a dollar', () => {
  expect(toMicroUsd(26, 0.15)).toBe(4);
  expect(toMicroUsd(10, 0.3)).toBe(3);
  expect(toMicroUsd(1, 0)).toBe(0);
  expect(toMicroUsd(16, 15)).toBe(240);
});

test('limits that are no whole numbers are refused with their name', () => {
  expect(() => new ProbeBudget({ perProvider: { tokensPerDay: 1.5, microUsdPerDay: 0 } })).toThrow(
    'perProvider.tokensPerDay',
  );
});
