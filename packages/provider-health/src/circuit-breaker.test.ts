import { describe, expect, test } from 'vitest';
import { type CircuitBreaker, type CircuitBreakerSettings, createCircuitBreaker } from './circuit-breaker.ts';
import type { Permit } from './half-open-probes.ts';
import type { Verdict } from './outcome.ts';

/** The design's options, without jitter unless a test is about it. */
function breakerWith(settings: Partial<CircuitBreakerSettings> = {}): CircuitBreaker {
  return createCircuitBreaker({ random: () => 0, ...settings });
}

function acquire(breaker: CircuitBreaker, nowMs: number): Permit {
  const permit = breaker.tryAcquire(nowMs);
  if (permit === null) throw new Error(`not admitted at ${nowMs} ms`);
  return permit;
}

function attempt(breaker: CircuitBreaker, verdict: Verdict, nowMs: number, times = 1): void {
  for (let i = 0; i < times; i++) breaker.end(acquire(breaker, nowMs), verdict, nowMs);
}

describe('a closed breaker', () => {
  test('opens on five failures in a row', () => {
    const breaker = breakerWith();
    attempt(breaker, 'failure', 0, 4);
    expect(breaker.visibleState(0)).toBe('closed');
    attempt(breaker, 'failure', 0);
    expect(breaker.state(0)).toEqual({
      kind: 'open',
      reason: 'consecutive_failures',
      sinceMs: 0,
      untilMs: 30_000,
      opensInRow: 1,
    });
  });

  test('starts counting again after a success, but not after an outcome that says nothing', () => {
    const breaker = breakerWith();
    attempt(breaker, 'failure', 0, 4);
    attempt(breaker, 'success', 0);
    attempt(breaker, 'failure', 0, 4);
    attempt(breaker, 'neutral', 0, 50);
    expect(breaker.state(0)).toEqual({ kind: 'closed', consecutiveFailures: 4 });
    attempt(breaker, 'failure', 0);
    expect(breaker.visibleState(0)).toBe('open');
  });

  test('opens when half of twenty attempts failed, and not before there are twenty', () => {
    const breaker = breakerWith();
    for (let i = 0; i < 9; i++) {
      attempt(breaker, 'failure', i);
      attempt(breaker, 'success', i);
    }
    attempt(breaker, 'success', 18);
    expect(breaker.visibleState(18)).toBe('closed');
    attempt(breaker, 'failure', 19);
    expect(breaker.state(19)).toMatchObject({ kind: 'open', reason: 'failure_ratio' });
  });

  test('forgets the failures that its window has left behind', () => {
    const breaker = breakerWith();
    for (let i = 0; i < 9; i++) {
      attempt(breaker, 'failure', i);
      attempt(breaker, 'success', i);
    }
    attempt(breaker, 'success', 61_000, 3);
    attempt(breaker, 'failure', 61_000, 2);
    expect(breaker.visibleState(61_000)).toBe('closed');
  });

  test('gives the same permit to every attempt, so that admitting allocates nothing', () => {
    const breaker = breakerWith();
    expect(acquire(breaker, 0)).toBe(acquire(breaker, 1));
    expect(acquire(breaker, 2).probe).toBe(false);
  });

  test('stays closed while it may not open, and asks again at the next failure', () => {
    let mayOpen = false;
    const breaker = breakerWith({ mayOpen: () => mayOpen });
    attempt(breaker, 'failure', 0, 10);
    expect(breaker.visibleState(0)).toBe('closed');
    mayOpen = true;
    attempt(breaker, 'failure', 0);
    expect(breaker.visibleState(0)).toBe('open');
  });
});

describe('an open breaker', () => {
  test('admits nobody before its time and becomes half-open when it is over', () => {
    const breaker = breakerWith();
    attempt(breaker, 'failure', 0, 5);
    expect(breaker.tryAcquire(29_999)).toBeNull();
    expect(breaker.wouldAdmit(29_999)).toBe(false);
    expect(breaker.wouldAdmit(30_000)).toBe(true);
    expect(breaker.visibleState(30_000)).toBe('half_open');
  });

  test('is not closed by a success, nor prolonged by a failure, of an attempt that began before', () => {
    const breaker = breakerWith();
    const early = acquire(breaker, 0);
    attempt(breaker, 'failure', 0, 5);
    breaker.end(early, 'success', 10);
    breaker.end(early, 'failure', 20);
    expect(breaker.state(20)).toMatchObject({ kind: 'open', untilMs: 30_000, opensInRow: 1 });
  });

  test('hears nothing, once closed again, of an attempt that began before it opened', () => {
    const breaker = breakerWith();
    const early = acquire(breaker, 0);
    attempt(breaker, 'failure', 0, 5);
    attempt(breaker, 'success', 30_000, 2);
    attempt(breaker, 'failure', 30_000, 4);
    breaker.end(early, 'failure', 30_000);
    expect(breaker.state(30_000)).toEqual({ kind: 'closed', consecutiveFailures: 4 });
  });

  test('leaves the failures that opened it behind when it closes, though its window still covers them', () => {
    const breaker = breakerWith({ consecutiveFailures: 1000 });
    attempt(breaker, 'failure', 0, 20);
    attempt(breaker, 'success', 30_000, 2);
    attempt(breaker, 'failure', 30_000);
    expect(breaker.visibleState(30_000)).toBe('closed');
  });

  test('doubles its time at each failed probe up to the cap, and starts anew after it closed', () => {
    const breaker = breakerWith();
    attempt(breaker, 'failure', 0, 5);
    let nowMs = 0;
    const openTimesMs: number[] = [];
    for (let i = 0; i < 6; i++) {
      const state = breaker.state(nowMs);
      if (state.kind !== 'open') throw new Error(state.kind);
      openTimesMs.push(state.untilMs - state.sinceMs);
      nowMs = state.untilMs;
      attempt(breaker, 'failure', nowMs);
    }
    expect(openTimesMs).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    nowMs += 300_000;
    attempt(breaker, 'success', nowMs, 2);
    attempt(breaker, 'failure', nowMs, 5);
    expect(breaker.state(nowMs)).toMatchObject({ kind: 'open', untilMs: nowMs + 30_000 });
  });

  test.each([
    [0, 30_000],
    [0.5, 28_500],
    [1, 27_000],
    [7, 27_000],
    [-7, 30_000],
    [Number.NaN, 30_000],
  ])('with the chance %d stays open for %d ms: jitter only shortens, within its bounds', (chance, openMs) => {
    const breaker = breakerWith({ random: () => chance });
    attempt(breaker, 'failure', 0, 5);
    expect(breaker.state(0)).toMatchObject({ kind: 'open', untilMs: openMs });
  });
});

describe('a half-open breaker', () => {
  const HALF_OPEN_MS = 30_000;
  function halfOpenWith(settings: Partial<CircuitBreakerSettings> = {}): CircuitBreaker {
    const breaker = breakerWith(settings);
    attempt(breaker, 'failure', 0, 5);
    expect(breaker.visibleState(HALF_OPEN_MS)).toBe('half_open');
    return breaker;
  }

  test('lets one attempt through at a time and closes after two successes', () => {
    const breaker = halfOpenWith();
    const probe = acquire(breaker, HALF_OPEN_MS);
    expect(probe.probe).toBe(true);
    expect(breaker.tryAcquire(HALF_OPEN_MS)).toBeNull();
    breaker.end(probe, 'success', HALF_OPEN_MS);
    expect(breaker.state(HALF_OPEN_MS)).toMatchObject({ kind: 'half_open', successes: 1, inFlight: 0 });
    attempt(breaker, 'success', HALF_OPEN_MS);
    expect(breaker.state(HALF_OPEN_MS)).toEqual({ kind: 'closed', consecutiveFailures: 0 });
  });

  test('opens again at the first failure, and a probe still in flight changes nothing any more', () => {
    const breaker = halfOpenWith({ halfOpenProbes: 3 });
    const slow = acquire(breaker, HALF_OPEN_MS);
    attempt(breaker, 'failure', HALF_OPEN_MS);
    breaker.end(slow, 'success', HALF_OPEN_MS + 1);
    expect(breaker.state(HALF_OPEN_MS + 1)).toMatchObject({
      kind: 'open',
      reason: 'half_open_failure',
      untilMs: HALF_OPEN_MS + 60_000,
    });
  });

  test('frees the place of a probe that says nothing, without counting it', () => {
    const breaker = halfOpenWith();
    attempt(breaker, 'neutral', HALF_OPEN_MS, 10);
    expect(breaker.state(HALF_OPEN_MS)).toMatchObject({ kind: 'half_open', successes: 0, inFlight: 0 });
  });

  test('counts a probe that ends twice once', () => {
    const breaker = halfOpenWith();
    const probe = acquire(breaker, HALF_OPEN_MS);
    breaker.end(probe, 'success', HALF_OPEN_MS);
    breaker.end(probe, 'success', HALF_OPEN_MS);
    expect(breaker.state(HALF_OPEN_MS)).toMatchObject({ kind: 'half_open', successes: 1 });
  });

  test('is not locked by a probe that never ends, and counts it when it ends late after all', () => {
    const breaker = halfOpenWith({ probeExpiryMs: 60_000 });
    const slow = acquire(breaker, HALF_OPEN_MS);
    expect(breaker.tryAcquire(HALF_OPEN_MS + 59_999)).toBeNull();
    attempt(breaker, 'success', HALF_OPEN_MS + 60_000);
    breaker.end(slow, 'success', HALF_OPEN_MS + 70_000);
    expect(breaker.visibleState(HALF_OPEN_MS + 70_000)).toBe('closed');
  });

  test('remembers no more than a bounded number of probes that never end', () => {
    const breaker = halfOpenWith({ probeExpiryMs: 1 });
    const first = acquire(breaker, HALF_OPEN_MS);
    for (let i = 1; i <= 100; i++) acquire(breaker, HALF_OPEN_MS + i);
    breaker.end(first, 'failure', HALF_OPEN_MS + 101);
    expect(breaker.visibleState(HALF_OPEN_MS + 101)).toBe('half_open');
  });

  test('ignores the permit of another breaker', () => {
    const breaker = halfOpenWith();
    breaker.end(acquire(halfOpenWith(), HALF_OPEN_MS), 'failure', HALF_OPEN_MS);
    breaker.end(acquire(breakerWith(), 0), 'failure', HALF_OPEN_MS);
    expect(breaker.visibleState(HALF_OPEN_MS)).toBe('half_open');
  });
});

describe('time', () => {
  test('that runs backwards or is not a number stands still', () => {
    const breaker = breakerWith();
    attempt(breaker, 'failure', 100_000, 5);
    for (const nowMs of [0, -1e9, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(breaker.tryAcquire(nowMs)).toBeNull();
    }
    expect(breaker.visibleState(130_000)).toBe('half_open');
  });
});

test('bad options throw when the breaker is made, with the value received', () => {
  expect(() => breakerWith({ failureRatio: 0 })).toThrow(/failureRatio .* received 0/);
  expect(() => breakerWith({ failureRatio: 1.5 })).toThrow(/failureRatio .* received 1.5/);
  expect(() => breakerWith({ consecutiveFailures: 0 })).toThrow(/consecutiveFailures .* received 0/);
  expect(() => breakerWith({ maxOpenMs: 10 })).toThrow(
    new RangeError('maxOpenMs must be a number of at least 30000, received 10'),
  );
  expect(() => breakerWith({ halfOpenProbes: 0.5 })).toThrow(/halfOpenProbes .* received 0.5/);
  expect(() => breakerWith({ closeAfter: Number.NaN })).toThrow(/closeAfter .* received NaN/);
  expect(() => breakerWith({ jitter: 2 })).toThrow(/jitter must be a number from 0 to 1, received 2/);
});
