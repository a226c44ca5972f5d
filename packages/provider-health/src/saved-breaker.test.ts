import { expect, test } from 'vitest';
import type { BreakerTransition } from './breaker-state.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';

function breakerWith(onTransition?: (transition: BreakerTransition) => void): CircuitBreaker {
  return createCircuitBreaker({ random: () => 0, ...(onTransition && { onTransition }) });
}

function fail(breaker: CircuitBreaker, nowMs: number, times: number): void {
  for (let i = 0; i < times; i++) {
    const permit = breaker.tryAcquire(nowMs);
    if (permit !== null) breaker.end(permit, 'failure', nowMs);
  }
}

/** Saved by a process whose clock reads `savedAtMs`, read by another whose clock reads `readAtMs`. */
function carry(from: CircuitBreaker, savedAtMs: number, to: CircuitBreaker, readAtMs: number): void {
  expect(to.restore(JSON.parse(JSON.stringify(from.save(savedAtMs))), readAtMs)).toBe(true);
}

test('an open breaker keeps its remaining time under another clock', () => {
  const mine = breakerWith();
  fail(mine, 1_000_000, 5);
  const other = breakerWith();
  carry(mine, 1_010_000, other, 500);
  expect(other.state(500)).toEqual({
    kind: 'open',
    reason: 'consecutive_failures',
    sinceMs: -9_500,
    untilMs: 20_500,
    opensInRow: 1,
  });
  expect(other.tryAcquire(20_499)).toBeNull();
  expect(other.tryAcquire(20_500)?.probe).toBe(true);
  fail(other, 90_500, 1);
  expect(other.state(90_500)).toMatchObject({ kind: 'open', opensInRow: 2, untilMs: 150_500 });
});

test('closed, half-open and forced states come back as they were, without the attempts in flight', () => {
  const closed = breakerWith();
  fail(closed, 0, 3);
  const halfOpen = breakerWith();
  fail(halfOpen, 0, 5);
  halfOpen.tryAcquire(30_000);
  const forced = breakerWith();
  forced.forceOpen('maintenance', 10);
  const [a, b, c] = [breakerWith(), breakerWith(), breakerWith()];
  carry(closed, 30_000, a, 0);
  carry(halfOpen, 30_000, b, 0);
  carry(forced, 30_000, c, 0);
  expect(a.state(0)).toEqual({ kind: 'closed', consecutiveFailures: 3 });
  expect(b.state(0)).toEqual({ kind: 'half_open', sinceMs: 0, inFlight: 0, successes: 0, opensInRow: 1 });
  expect(c.state(0)).toEqual({ kind: 'forced', position: 'open', reason: 'maintenance', sinceMs: -29_990 });
});

test('taking over another position is told, taking over the same one is not and lets attempts in flight count', () => {
  const reasons: string[] = [];
  const breaker = breakerWith(({ reason }) => reasons.push(reason));
  const permit = breaker.tryAcquire(0);
  breaker.restore({ version: 1, kind: 'closed', consecutiveFailures: 4 }, 0);
  expect(reasons).toEqual([]);
  if (permit !== null) breaker.end(permit, 'failure', 0);
  expect(breaker.visibleState(0)).toBe('open');
  breaker.restore({ version: 1, kind: 'closed', consecutiveFailures: 0 }, 0);
  expect(reasons).toEqual(['consecutive_failures', 'restored']);
});

test('a remaining time beyond the cap is cut to it', () => {
  const breaker = breakerWith();
  const saved = {
    version: 1,
    kind: 'open',
    reason: 'failure_ratio',
    agoMs: 0,
    remainingMs: 1e12,
    opensInRow: 1,
  };
  expect(breaker.restore(saved, 0)).toBe(true);
  expect(breaker.state(0)).toMatchObject({ untilMs: 300_000 });
});

test.each([
  null,
  undefined,
  'open',
  [],
  {},
  { version: 2, kind: 'closed', consecutiveFailures: 0 },
  { version: 1, kind: 'closed', consecutiveFailures: -1 },
  { version: 1, kind: 'closed', consecutiveFailures: '3' },
  { version: 1, kind: 'open', reason: 'because', agoMs: 0, remainingMs: 1, opensInRow: 1 },
  { version: 1, kind: 'open', reason: 'failure_ratio', agoMs: 0, remainingMs: Number.NaN, opensInRow: 1 },
  { version: 1, kind: 'half_open', agoMs: -1, successes: 0, opensInRow: 1 },
  { version: 1, kind: 'forced', position: 'half_open', reason: '', agoMs: 0 },
  { version: 1, kind: 'ajar' },
])('what is no saved breaker (%j) changes nothing', (saved) => {
  const breaker = breakerWith();
  fail(breaker, 0, 2);
  expect(breaker.restore(saved, 0)).toBe(false);
  expect(breaker.state(0)).toEqual({ kind: 'closed', consecutiveFailures: 2 });
});
