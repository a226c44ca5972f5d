import type { Outcome } from '@gatewayz/provider-health';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_INCIDENT_SETTINGS } from './incident-settings.ts';
import { IncidentBook } from './incidents.ts';
import { isProviderKey } from './target-key.ts';
import { MINUTE_MS, model, PROVIDER, Watched } from './test-support/watched.ts';
import { VerdictBook } from './verdict.ts';
import { DEFAULT_VERDICT_SETTINGS } from './verdict-settings.ts';

describe('one model', () => {
  test('an incident opens when the model is down, with all failures as evidence, and ends when it is healthy', () => {
    const watched = new Watched(20);
    watched.tell(model('m1'), 'success');
    watched.tell(model('m1'), 'timeout', 'connect');
    watched.tell(model('m1'), 'timeout', 'x'.repeat(5000));
    expect(watched.stored()).toEqual([]);
    watched.tell(model('m1'), 'network', 'reset');
    expect(watched.only()).toMatchObject({
      scope: 'model',
      provider: 'p',
      models: ['m1'],
      type: 'network',
      status: 'open',
      severity: 'low',
      consecutiveFailures: 3,
      openedAtMs: watched.nowMs,
    });
    expect(watched.only().evidence.map(({ outcome, detail }) => [outcome, detail.length])).toEqual([
      ['timeout', 7],
      ['timeout', 300],
      ['network', 5],
    ]);
    watched.tellTimes(2, model('m1'), 'success');
    expect(watched.only()).toMatchObject({ status: 'resolved', resolvedAtMs: watched.nowMs });
    expect(watched.kinds).toEqual(['opened', 'resolved']);
    expect(watched.book.active()).toEqual([]);
  });

  test('it escalates with the failures in a row, and one model is never critical', () => {
    const watched = new Watched(20);
    const severities: string[] = [];
    for (let index = 0; index < 40; index++) {
      watched.tell(model('m1'), 'timeout');
      if (watched.store.size > 0) severities.push(watched.only().severity);
    }
    expect([severities[0], severities[2], severities[3], severities[9], severities[37]]).toEqual([
      'low',
      'low',
      'medium',
      'high',
      'high',
    ]);
    expect(watched.kinds.filter((kind) => kind === 'escalated')).toHaveLength(2);
    expect(watched.only().evidence).toHaveLength(10);
  });

  test('being slow or failing in part, or a wrong probe, opens nothing', () => {
    const watched = new Watched(20);
    for (let index = 0; index < 30; index++) {
      watched.tell(model('m1'), index % 3 === 0 ? 'timeout' : 'success');
      watched.tell(model('m2'), 'caller');
      watched.tell(model('m3'), 'rate_limited');
    }
    expect(watched.verdicts.get(model('m1'))?.state).toBe('degraded');
    expect(watched.stored()).toEqual([]);
  });

  test('a revoked key opens one of its own kind', () => {
    const watched = new Watched(20);
    watched.tellTimes(40, PROVIDER, 'credentials');
    expect(watched.only()).toMatchObject({ scope: 'provider', type: 'credentials', severity: 'high' });
    watched.tellTimes(2, PROVIDER, 'success');
    expect(watched.only().status).toBe('resolved');
  });

  test('an outage that turns into refusals ends, for the provider answers', () => {
    const watched = new Watched(20);
    watched.tellTimes(3, model('m1'), 'timeout');
    watched.tellTimes(3, model('m1'), 'rate_limited');
    expect(watched.only().status).toBe('resolved');
  });

  test('silence proves no end', () => {
    const watched = new Watched(20);
    watched.tellTimes(3, model('m1'), 'timeout');
    for (const change of watched.verdicts.refresh(watched.nowMs + 10_000, () => 1)) {
      watched.keep(watched.book.apply(change));
    }
    expect(watched.verdicts.get(model('m1'))?.state).toBe('unknown');
    expect(watched.only().status).toBe('open');
  });
});

describe('one cause', () => {
  test('a provider that is down is one incident, and its models join it', () => {
    const watched = new Watched(300);
    watched.tellTimes(3, model('m1'), 'network');
    watched.tellTimes(3, PROVIDER, 'network');
    for (let index = 2; index < 50; index++) watched.tellTimes(3, model(`m${index}`), 'timeout');
    expect(watched.only()).toMatchObject({ scope: 'provider', type: 'network', severity: 'high' });
    expect(watched.only().models).toHaveLength(49);
    expect(watched.book.active()).toHaveLength(1);
    expect([...watched.store.values()].filter(({ absorbedInto }) => absorbedInto !== null)).toMatchObject([
      { scope: 'model', models: ['m1'], status: 'resolved', absorbedInto: watched.only().id },
    ]);
  });

  test('half of the models, or ten of them, are the provider', () => {
    const small = new Watched(6);
    for (const name of ['m0', 'm1']) small.tellTimes(3, model(name), 'timeout');
    expect(small.book.active().map(({ scope }) => scope)).toEqual(['model', 'model']);
    const firstAtMs = Math.min(...small.book.active().map(({ openedAtMs }) => openedAtMs));
    small.tellTimes(3, model('m2'), 'timeout');
    expect(small.only()).toMatchObject({
      scope: 'provider',
      models: ['m0', 'm1', 'm2'],
      severity: 'high',
      openedAtMs: firstAtMs,
    });
    const large = new Watched(300);
    for (let index = 0; index < 10; index++) large.tellTimes(3, model(`m${index}`), 'timeout');
    expect(large.only()).toMatchObject({ scope: 'provider', severity: 'medium' });
  });

  test('it ends when nothing that it hit is down, and is critical when it lasts', () => {
    const watched = new Watched(4);
    for (let round = 0; round < 15; round++)
      for (const key of watched.keys) watched.tell(key, 'provider_error');
    expect(watched.only()).toMatchObject({ severity: 'critical', providerIsDown: true });
    watched.tellTimes(2, PROVIDER, 'success');
    for (const name of ['m1', 'm2', 'm3']) watched.tellTimes(2, model(name), 'success');
    watched.tell(model('m0'), 'provider_error');
    expect(watched.only()).toMatchObject({ status: 'open', severity: 'critical' });
    expect(watched.only().providerIsDown).toBeUndefined();
    for (const key of watched.keys) watched.tellTimes(2, key, 'success');
    expect(watched.only().status).toBe('resolved');
  });

  test('a model that stays down long after its provider came back goes on as an incident of its own', () => {
    const watched = new Watched(30);
    watched.tellTimes(3, PROVIDER, 'network');
    for (const name of ['m0', 'm1']) watched.tellTimes(3, model(name), 'network');
    watched.tellTimes(2, PROVIDER, 'success');
    watched.tell(model('m0'), 'network');
    watched.nowMs += 29 * MINUTE_MS;
    watched.tell(model('m0'), 'network');
    expect(watched.book.active()).toHaveLength(1);
    watched.nowMs += MINUTE_MS;
    watched.tell(model('m0'), 'network');
    expect(watched.book.active().map(({ scope, models }) => [scope, models])).toEqual([
      ['model', ['m0']],
      ['model', ['m1']],
    ]);
    expect(watched.stored().filter(({ scope }) => scope === 'provider')).toMatchObject([
      { status: 'resolved' },
    ]);
  });

  test('a provider that resells others has incidents of a gateway', () => {
    const book = new IncidentBook({
      settings: DEFAULT_INCIDENT_SETTINGS,
      modelsTracked: () => 10,
      isGateway: (provider) => provider === 'p',
    });
    const verdicts = new VerdictBook(DEFAULT_VERDICT_SETTINGS);
    verdicts.track(PROVIDER, 0);
    const changes = [1, 2, 3].flatMap((atEpochMs) =>
      verdicts.observe({ key: PROVIDER, kind: 'models', outcome: 'network', latencyMs: 1, atEpochMs }),
    );
    expect(changes.flatMap((change) => book.apply(change))).toMatchObject([
      { kind: 'opened', incident: { scope: 'gateway' } },
    ]);
  });
});

test('whatever happens, every target that is down is in exactly one active incident, and no other is', () => {
  const outcome = fc.constantFrom<Outcome>(
    'success',
    'success',
    'timeout',
    'network',
    'credentials',
    'caller',
  );
  const times = fc.integer({ min: 1, max: 4 });
  const told = fc.record({ target: fc.nat(5), outcome, times, waits: fc.boolean() });
  fc.assert(
    fc.property(fc.array(told, { maxLength: 120 }), (steps) => {
      const watched = new Watched(5);
      for (const { target, outcome: one, times: often, waits } of steps) {
        const key = watched.keys[target] ?? PROVIDER;
        watched.tellTimes(often, key, one);
        if (waits) watched.wait();
        const active = watched.book.active();
        expect(
          [...watched.store.values()]
            .filter(({ status }) => status !== 'resolved')
            .map(({ id }) => id)
            .sort(),
        ).toEqual(active.map(({ id }) => id).sort());
        for (const each of watched.keys) {
          const verdict = watched.verdicts.get(each);
          const holding = active.filter(({ type, models, providerIsDown }) =>
            isProviderKey(each)
              ? providerIsDown === true
              : models.includes(each.model) &&
                (type === 'credentials') === (verdict?.cause === 'credentials'),
          );
          const isInTrouble = verdict?.state === 'down' || verdict?.cause === 'credentials';
          if (isInTrouble && waits) expect(holding).toHaveLength(1);
          else expect(holding.length).toBeLessThanOrEqual(1);
        }
        if (watched.keys.every((each) => watched.verdicts.get(each)?.state === 'healthy'))
          expect(active).toEqual([]);
      }
    }),
  );
});
