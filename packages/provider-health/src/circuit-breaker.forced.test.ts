import { describe, expect, test } from 'vitest';
import type { BreakerTransition } from './breaker-state.ts';
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

describe('a forced breaker', () => {
  test('forced open admits nobody, whatever the time, until it is automatic again', () => {
    const breaker = breakerWith();
    breaker.forceOpen('maintenance', 5);
    expect(breaker.tryAcquire(1e9)).toBeNull();
    expect(breaker.visibleState(1e9)).toBe('open');
    expect(breaker.state(1e9)).toEqual({
      kind: 'forced',
      position: 'open',
      reason: 'maintenance',
      sinceMs: 5,
    });
    breaker.auto(1e9);
    expect(breaker.visibleState(1e9)).toBe('half_open');
  });

  test('forced closed admits everybody, whatever fails, and then goes on as if nothing had failed', () => {
    const breaker = breakerWith();
    breaker.forceClosed('it is our network', 0);
    attempt(breaker, 'failure', 0, 100);
    expect(breaker.visibleState(0)).toBe('closed');
    breaker.auto(1);
    attempt(breaker, 'failure', 1, 4);
    expect(breaker.state(1)).toEqual({ kind: 'closed', consecutiveFailures: 4 });
  });

  test('forced open asks for proof when it is automatic again: successes close it, a failure opens it', () => {
    const [mended, broken] = [breakerWith(), breakerWith()];
    for (const breaker of [mended, broken]) {
      breaker.forceOpen('maintenance', 0);
      breaker.auto(10);
    }
    attempt(mended, 'success', 10);
    expect(mended.visibleState(1e9)).toBe('half_open');
    attempt(mended, 'success', 1e9);
    expect(mended.visibleState(1e9)).toBe('closed');
    attempt(broken, 'failure', 10);
    expect(broken.state(10)).toMatchObject({ kind: 'open', opensInRow: 1, untilMs: 30_010 });
  });

  test('is the only one that auto changes', () => {
    const breaker = breakerWith();
    attempt(breaker, 'failure', 0, 5);
    breaker.auto(1);
    expect(breaker.visibleState(1)).toBe('open');
  });
});

describe('telemetry of a breaker', () => {
  test('hears of each change once, in order, with its cause and time', () => {
    const heard: BreakerTransition[] = [];
    const breaker = breakerWith({ onTransition: (transition) => heard.push(transition) });
    attempt(breaker, 'failure', 10, 5);
    attempt(breaker, 'success', 30_010, 2);
    breaker.forceOpen('upgrade', 30_020);
    breaker.auto(30_030);
    expect(heard.map(({ from, to, reason, atMs }) => [from.kind, to.kind, reason, atMs])).toEqual([
      ['closed', 'open', 'consecutive_failures', 10],
      ['open', 'half_open', 'open_elapsed', 30_010],
      ['half_open', 'closed', 'half_open_successes', 30_010],
      ['closed', 'forced', 'forced_open', 30_020],
      ['forced', 'half_open', 'auto', 30_030],
    ]);
  });

  test('cannot fail an attempt', () => {
    const breaker = breakerWith({
      onTransition: () => {
        throw new Error('sink is full');
      },
    });
    attempt(breaker, 'failure', 0, 5);
    expect(breaker.visibleState(0)).toBe('open');
  });
});
