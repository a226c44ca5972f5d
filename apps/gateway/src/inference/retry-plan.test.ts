import type { RetriesConfig } from '@gatewayz/config';
import { createRetryBudget } from '@gatewayz/provider-health';
import { describe, expect, test } from 'vitest';
import type { Target } from '../providers/provider.ts';
import { createRouter } from '../routing/router.ts';
import { NOW, record, routeTo, targetAt } from '../routing/target-fixture.ts';
import { type Failure, failure } from './failure.ts';
import { type NextStep, planNextStep, type RetryRules, type Situation } from './retry-plan.ts';

function rulesWith(retries: Partial<RetriesConfig> = {}, floorBurst = 3): RetryRules {
  return {
    retries: { attempts: 2, budgetRatio: 0.2, maxWaitMs: 2000, ...retries },
    router: createRouter({ strategy: 'priority', exploreRatio: 0 }, Math.random, () => {}),
    budget: createRetryBudget({ ratio: 0, floorPerSecond: 0, floorBurst }),
  };
}

function situation(
  targets: Target[],
  tried: Target[],
  failed: Failure,
  deadlineAt = NOW + 60_000,
): Situation {
  return { route: routeTo(...targets), tried: tried.map((target) => ({ target })), failed, deadlineAt };
}

/** The provider that the plan goes to, how long it waits, or that it gives up. */
function describeStep(step: NextStep): string | number {
  if (step.kind === 'attempt') return step.pick.target.provider.name;
  return step.kind === 'wait' ? step.forMs : step.kind;
}

const reset = failure('network', 'reset', { code: 'ECONNRESET' });
const refused = failure('network', 'refused', { code: 'ECONNREFUSED' });
const internal = failure('provider_error', 'broken', { status: 500 });
const unavailable = failure('provider_error', 'down', { status: 503 });
const stalled = failure('timeout', 'stalled', { phase: 'first_token' });
const busy = (retryAfterMs: number): Failure =>
  failure('rate_limited', 'busy', { status: 429, retryAfterMs });

describe('a failed attempt', () => {
  const [a, b] = [targetAt('a'), targetAt('b')];

  test.each([
    ['is made again on the same target after a reset', [a], reset, 'a'],
    ['is made again on the same target after a bare 500', [a], internal, 'a'],
    ['goes on to the next target after the second reset', [a, a], reset, 'b'],
    ['goes on to the next target where the connection was refused', [a], refused, 'b'],
    ['goes on to the next target after a 503', [a], unavailable, 'b'],
    ['goes on to the next target after a deadline', [a], stalled, 'b'],
    ['goes on to the next target where the first one limits', [a], busy(100), 'b'],
    ['goes on to the next target where credentials were refused', [a], failure('credentials', ''), 'b'],
    [
      'goes on to the next target where the model is not known',
      [a],
      failure('caller', '', { status: 404 }),
      'b',
    ],
    ['ends the request that is wrong in itself', [a], failure('caller', '', { status: 400 }), 'give_up'],
    ['ends the request whose client left', [a], failure('client_closed', ''), 'give_up'],
    ['ends the request where the gateway itself failed', [a], failure('gateway', ''), 'give_up'],
    ['is the last one where no retry is left', [a, a, b], reset, 'give_up'],
    ['is not made on the target whose deadline passed where it is the last', [b, a], stalled, 'give_up'],
  ] as const)('%s', (_, tried, failed, expected) => {
    const step = planNextStep(rulesWith(), situation([a, b], [...tried], failed), NOW);
    expect(describeStep(step)).toBe(expected);
  });

  test('is the last one where the deadline of the request has passed', () => {
    const step = planNextStep(rulesWith(), situation([a, b], [a], unavailable, NOW), NOW);
    expect(describeStep(step)).toBe('give_up');
  });

  test('is the only one where no retries are configured', () => {
    const step = planNextStep(rulesWith({ attempts: 0 }), situation([a, b], [a], unavailable), NOW);
    expect(describeStep(step)).toBe('give_up');
  });
});

describe('the wait that a target asks for', () => {
  const a = targetAt('a');
  const plan = (failed: Failure, deadlineAt?: number): string | number =>
    describeStep(planNextStep(rulesWith(), situation([a], [a], failed, deadlineAt), NOW));

  test('is kept where nobody else is left', () => {
    expect(plan(busy(1500))).toBe(1500);
    expect(plan(failure('provider_error', '', { status: 503, retryAfterMs: 700 }))).toBe(700);
  });

  test('is not kept where it is too long, or would end behind the deadline', () => {
    expect(plan(busy(2001))).toBe('give_up');
    expect(plan(busy(1500), NOW + 1500)).toBe('give_up');
    expect(plan(busy(1500), NOW + 1501)).toBe(1500);
  });

  test('is not kept for a request that the target refused: it would be refused again', () => {
    const asks = { retryAfterMs: 100 };
    expect(plan(failure('caller', '', { status: 413, ...asks }))).toBe('give_up');
    expect(plan(failure('credentials', '', { status: 401, ...asks }))).toBe('give_up');
  });

  test('is paid for from the budget', () => {
    const rules = rulesWith({}, 1);
    const at = situation([a], [a], busy(100));
    expect(describeStep(planNextStep(rules, at, NOW))).toBe(100);
    expect(describeStep(planNextStep(rules, at, NOW))).toBe('give_up');
  });
});

describe('an empty budget', () => {
  const EMPTY = 0;

  test('does not keep a request from a healthy target, be it after a reset', () => {
    const [a, b] = [targetAt('a'), targetAt('b')];
    const step = planNextStep(rulesWith({}, EMPTY), situation([a, b], [a], reset), NOW);
    expect(describeStep(step)).toBe('b');
  });

  test('passes over targets that do badly, in search of one that is free', () => {
    const [a, bad, good] = [targetAt('a'), targetAt('bad'), targetAt('good')];
    record(bad, 4, 'provider_error');
    const at = situation([a, bad, good], [a], unavailable);
    expect(describeStep(planNextStep(rulesWith(), at, NOW))).toBe('bad');
    expect(describeStep(planNextStep(rulesWith({}, EMPTY), at, NOW))).toBe('good');
  });

  test('ends the request where all that are left do badly, and keeps no half-open place', () => {
    const a = targetAt('a');
    const bad = targetAt('bad', { breaker: { openMs: 1000, jitter: 0 } });
    record(bad, 5, 'provider_error');
    const later = NOW + 1000;
    const step = planNextStep(rulesWith({}, EMPTY), situation([a, bad], [a], unavailable), later);
    expect(describeStep(step)).toBe('give_up');
    expect(bad.health.isAvailable(later)).toBe(true);
    expect(bad.health.admit(later).kind).toBe('probe');
  });

  test('keeps no half-open place of the target that was just reset', () => {
    const a = targetAt('a');
    a.health.breaker.forceOpen('', NOW);
    a.health.breaker.auto(NOW);
    planNextStep(rulesWith({}, EMPTY), situation([a], [a], reset), NOW);
    expect(a.health.admit(NOW).kind).toBe('probe');
  });
});
