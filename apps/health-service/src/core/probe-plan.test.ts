import type { Outcome } from '@gatewayz/provider-health';
import { describe, expect, test } from 'vitest';
import {
  checkProbePlanSettings,
  DEFAULT_PROBE_PLAN,
  type FreeCheck,
  type ProbePlan,
  type ProbePlanInput,
  planProbe,
  readTraffic,
  type TrafficSample,
} from './probe-plan.ts';
import { providerKey } from './target-key.ts';

const NOW = 1_000_000_000;
const MODEL = { provider: 'p', model: 'm' };

const traffic = (succeeded: number, failed: TrafficSample['failed'] = {}): TrafficSample => ({
  succeeded,
  failed,
  latencyP95Ms: 800,
  atEpochMs: NOW - 1000,
});
const check = (outcome: Outcome, isListed: boolean | null = null): FreeCheck => ({
  outcome,
  isListed,
  atEpochMs: NOW - 1000,
  latencyMs: 50,
});
const plan = (input: Partial<ProbePlanInput>): ProbePlan =>
  planProbe({ key: MODEL, nowEpochMs: NOW, traffic: null, freeCheck: null, canAfford: true, ...input });

describe('cheapest first', () => {
  test('enough traffic is the verdict, and nothing is asked', () => {
    expect(plan({ traffic: traffic(20) })).toEqual({
      kind: 'known',
      result: {
        key: MODEL,
        kind: 'traffic',
        outcome: 'success',
        latencyMs: 800,
        atEpochMs: NOW - 1000,
        failedShare: 0,
      },
    });
  });

  test('thin or old traffic is not enough, and the free check comes next', () => {
    expect(plan({ traffic: traffic(19) })).toEqual({ kind: 'free_check' });
    expect(plan({ traffic: { ...traffic(1000), atEpochMs: NOW - 300_001 } })).toEqual({ kind: 'free_check' });
    expect(plan({ freeCheck: { ...check('success', true), atEpochMs: NOW - 300_001 } })).toEqual({
      kind: 'free_check',
    });
  });

  test('Health service and poller: clock jumps → a sample of the future, seen after the clock was set back, is not used', () => {
    expect(plan({ traffic: { ...traffic(1000), atEpochMs: NOW + 300_001 } })).toEqual({ kind: 'free_check' });
  });

  test('after a free check that is fine, a completion of 16 tokens', () => {
    expect(plan({ freeCheck: check('success', true) })).toEqual({ kind: 'completion', maxTokens: 16 });
  });

  test.each(['provider_error', 'caller', 'gateway'] as const)(
    'a list that ends in %s proves nothing about completions',
    (outcome) => {
      expect(plan({ freeCheck: check(outcome) })).toMatchObject({ kind: 'completion' });
      expect(plan({ freeCheck: check(outcome), canAfford: false })).toEqual({
        kind: 'rest',
        reason: 'budget_spent',
      });
    },
  );

  test.each<[Outcome, string]>([
    ['network', 'provider_unreachable'],
    ['timeout', 'provider_unreachable'],
    ['credentials', 'provider_refuses'],
    ['rate_limited', 'provider_refuses'],
  ])('a provider whose check ends in %s gets no completion, and its models no blame', (outcome, reason) => {
    expect(plan({ freeCheck: check(outcome) })).toEqual({ kind: 'rest', reason });
  });

  test('a model that is not listed is not paid for', () => {
    expect(plan({ freeCheck: check('success', false) })).toEqual({ kind: 'rest', reason: 'not_listed' });
  });

  test('without budget the list must do, as far as it goes', () => {
    expect(plan({ freeCheck: check('success', true), canAfford: false })).toMatchObject({
      kind: 'known',
      result: { key: MODEL, kind: 'models', outcome: 'success', latencyMs: 50 },
    });
    expect(plan({ freeCheck: check('success', null), canAfford: false })).toEqual({
      kind: 'rest',
      reason: 'budget_spent',
    });
  });
});

describe('a provider as a whole', () => {
  const key = providerKey('p');

  test('is known by its free check, and never costs a completion', () => {
    expect(plan({ key })).toEqual({ kind: 'free_check' });
    for (const outcome of ['success', 'network', 'provider_error', 'credentials'] as const) {
      expect(plan({ key, freeCheck: check(outcome) })).toMatchObject({
        kind: 'known',
        result: { key, outcome },
      });
    }
  });

  test('without a list it is known by its models alone', () => {
    expect(plan({ key, freeCheck: check('caller') })).toEqual({ kind: 'rest', reason: 'no_free_check' });
  });
});

describe('what traffic says', () => {
  test('half of it failing is a failure of the commonest kind', () => {
    expect(readTraffic(MODEL, traffic(10, { timeout: 6, provider_error: 4 }))).toMatchObject({
      outcome: 'timeout',
      failedShare: 0.5,
    });
  });

  test('a third failing is no failure, and its share is told', () => {
    expect(readTraffic(MODEL, traffic(20, { network: 10 }))).toMatchObject({
      outcome: 'success',
      failedShare: 1 / 3,
    });
  });

  test("callers' errors and clients that left are no evidence", () => {
    expect(readTraffic(MODEL, traffic(19, { caller: 500, client_closed: 500, gateway: 5 }))).toBeNull();
    expect(readTraffic(MODEL, traffic(20, { caller: 500 }))).toMatchObject({
      outcome: 'success',
      failedShare: 0,
    });
  });

  test('traffic that is mostly refused is left to a probe', () => {
    expect(readTraffic(MODEL, traffic(20, { rate_limited: 21 }))).toBeNull();
  });
});

test('settings that make no sense are refused with their name', () => {
  expect(() => checkProbePlanSettings({ ...DEFAULT_PROBE_PLAN, minimumTraffic: 0 })).toThrow(
    'minimumTraffic',
  );
  checkProbePlanSettings(DEFAULT_PROBE_PLAN);
});
