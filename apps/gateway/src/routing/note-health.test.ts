import type { Outcome } from '@gatewayz/provider-health';
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../inference/attempt.ts';
import { failure } from '../inference/failure.ts';
import type { Target } from '../providers/provider.ts';
import { noteHealth } from './note-health.ts';
import { NOW, targetAt } from './target-fixture.ts';

interface Ending {
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly responseMs?: number;
  readonly endedAt?: number;
}

/** An attempt at this target that has ended like this. */
function end(target: Target, outcome: Outcome, ending: Ending = {}): void {
  const { responseMs = 100, endedAt = NOW, ...more } = ending;
  target.latency.start();
  const attempt = {
    target,
    pick: { target, admission: target.health.admit(endedAt), isLeastBad: false },
    outcome,
    failure: outcome === 'success' ? null : failure(outcome, 'it went wrong', more),
    responseMs,
    endedAt,
  };
  noteHealth(attempt as unknown as Attempt);
}

test('an attempt is one sample of its target, its provider and its hour', () => {
  const target = targetAt('a');
  end(target, 'success');
  end(target, 'provider_error');
  expect(target.health.snapshot(NOW).window).toMatchObject({ samples: 2, errorRate: 0.5 });
  expect(target.provider.health.errorRate(NOW)).toBe(0.5);
  expect(target.provider.hour.requests(NOW)).toBe(2);
  expect(target.provider.hour.errors(NOW)).toBe(1);
});

test.each([
  'success',
  'caller',
  'rate_limited',
  'credentials',
  'provider_error',
  'timeout',
  'network',
  'client_closed',
  'gateway',
] as const)('after %s no attempt is in flight any more', (outcome) => {
  const target = targetAt('a');
  end(target, outcome);
  expect(target.latency.inFlight).toBe(0);
});

describe('the latency of a target', () => {
  test('is not made better by failing quickly', () => {
    const target = targetAt('a');
    end(target, 'success', { responseMs: 800 });
    end(target, 'provider_error', { responseMs: 2, endedAt: NOW + 1000 });
    end(target, 'network', { responseMs: 1, endedAt: NOW + 1000 });
    expect(target.latency.valueMs(NOW)).toBe(800);
  });

  test('is made worse by failing slowly', () => {
    const target = targetAt('a');
    end(target, 'success', { responseMs: 800 });
    end(target, 'timeout', { responseMs: 30_000 });
    expect(target.latency.valueMs(NOW)).toBe(30_000);
  });

  test('says nothing where the client left or the request was refused', () => {
    const target = targetAt('a');
    end(target, 'client_closed', { responseMs: 5 });
    end(target, 'caller', { responseMs: 5, status: 400 });
    expect(target.latency.valueMs(NOW)).toBeNull();
  });
});

describe('a rest', () => {
  const restOf = (target: Target): readonly [string, number] | null => {
    const rest = target.health.snapshot(NOW).coolOff;
    return rest === null ? null : [rest.reason, rest.untilMs - NOW];
  };

  test.each([
    ['rate_limited', { status: 429, retryAfterMs: 7000 }, ['rate_limited', 7000], null],
    ['rate_limited', { status: 429 }, ['rate_limited', 5000], null],
    ['rate_limited', { status: 429, retryAfterMs: 0 }, null, null],
    ['rate_limited', { status: 429, retryAfterMs: 3_600_000 }, ['rate_limited', 600_000], null],
    ['credentials', { status: 401 }, ['credentials', 60_000], ['credentials', 60_000]],
    ['credentials', { status: 402, retryAfterMs: 1000 }, ['credentials', 1000], ['credentials', 1000]],
    ['credentials', { status: 403 }, ['credentials', 60_000], null],
    ['provider_error', { status: 503, retryAfterMs: 7000 }, null, null],
    ['caller', { status: 400, retryAfterMs: 7000 }, null, null],
  ] as const)(
    'after %s with %j is %j for the model and %j for its neighbours',
    (outcome, ending, own, neighbours) => {
      const target = targetAt('a');
      end(target, outcome, ending);
      expect(restOf(target)).toEqual(own);
      expect(restOf(target.provider.target('small'))).toEqual(neighbours);
      expect(target.health.breaker.visibleState(NOW)).toBe('closed');
    },
  );
});
