import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectiveState, healthTotals, providerState, statusDistribution } from './distribution.ts';
import { targetId } from './target-key.ts';
import { HEALTH_STATES, type HealthState, type Incident, type TargetKey, type Verdict } from './types.ts';

const verdict = (state: HealthState, model = 'm', provider = 'p'): Verdict => ({
  key: { provider, model },
  state,
  cause: null,
  sinceMs: 0,
  lastEvidenceAtMs: null,
  lastOutcome: null,
  consecutiveFailures: 0,
  consecutiveSuccesses: 0,
});

test('every status is in the distribution, also where no model has it', () => {
  expect(statusDistribution([], () => null)).toEqual({
    healthy: 0,
    degraded: 0,
    down: 0,
    unknown: 0,
    maintenance: 0,
  });
});

test('the numbers agree with the verdicts and with each other, to the unit', () => {
  const state = fc.constantFrom(...HEALTH_STATES);
  const models = fc.array(fc.record({ provider: fc.nat(3), state }), { maxLength: 60 });
  fc.assert(
    fc.property(models, fc.array(state, { minLength: 4, maxLength: 4 }), fc.nat(100), (made, own, known) => {
      const providers = own.map((each, index) => verdict(each, '', `p${index}`));
      const verdicts = [
        ...made.map((one, index) => verdict(one.state, `m${index}`, `p${one.provider}`)),
        ...providers,
      ];
      const byId = new Map(verdicts.map((each) => [targetId(each.key), each]));
      const totals = healthTotals({
        knownModels: known,
        providers: providers.map(({ key }) => key.provider),
        gateways: new Set(['p1', 'elsewhere']),
        verdicts,
        incidents: [{ status: 'open' }, { status: 'acknowledged' }, { status: 'resolved' }] as Incident[],
        verdictOf: (key: TargetKey) => byId.get(targetId(key)) ?? null,
      });
      const sum = Object.values(totals.status_distribution).reduce((a, b) => a + b, 0);
      expect(sum).toBe(made.length);
      expect(totals).toMatchObject({
        tracked_models: made.length,
        total_models: Math.max(known, made.length),
        total_providers: 4,
        total_gateways: 1,
        active_incidents: 2,
      });
      const down = made.filter(
        (one) => one.state !== 'maintenance' && (one.state === 'down' || own[one.provider] === 'down'),
      );
      expect(totals.status_distribution.down).toBe(down.length);
    }),
  );
});

describe('a model under its provider', () => {
  test('is down while the provider is, unless it is in maintenance', () => {
    expect(effectiveState(verdict('healthy'), verdict('down', ''))).toBe('down');
    expect(effectiveState(verdict('unknown'), verdict('down', ''))).toBe('down');
    expect(effectiveState(verdict('maintenance'), verdict('down', ''))).toBe('maintenance');
    expect(effectiveState(verdict('healthy'), verdict('degraded', ''))).toBe('healthy');
    expect(effectiveState(verdict('degraded'), null)).toBe('degraded');
  });
});

describe('a provider over its models', () => {
  const models = (...states: readonly HealthState[]): Verdict[] => states.map((state) => verdict(state));

  test('is down where it is down itself or where all of them are', () => {
    expect(providerState(verdict('down', ''), models('healthy'))).toBe('down');
    expect(providerState(verdict('healthy', ''), models('down', 'down', 'unknown'))).toBe('down');
  });

  test('is degraded where a fifth of them are down', () => {
    expect(
      providerState(verdict('healthy', ''), models('down', 'healthy', 'healthy', 'healthy', 'healthy')),
    ).toBe('degraded');
    const few = models('down', 'healthy', 'healthy', 'healthy', 'healthy', 'healthy');
    expect(providerState(verdict('healthy', ''), few)).toBe('healthy');
  });

  test('is what its models are where it says nothing itself, and unknown where nobody does', () => {
    expect(providerState(null, models('healthy', 'unknown'))).toBe('healthy');
    expect(providerState(null, models('unknown'))).toBe('unknown');
    expect(providerState(verdict('maintenance', ''), models('down'))).toBe('maintenance');
    expect(providerState(verdict('degraded', ''), models('healthy'))).toBe('degraded');
  });
});
