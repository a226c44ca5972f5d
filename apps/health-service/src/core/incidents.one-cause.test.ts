import type { Outcome } from '@gatewayz/provider-health';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MINUTE_MS, model, PROVIDER, Watched } from './test-support/watched.ts';
import type { TargetKey } from './types.ts';

/** How one target takes its provider's outage. `late` failures come in when the provider is back already. */
type Course = { readonly failures: number; readonly late: number };
type Told = { readonly key: TargetKey; readonly outcome: Outcome };

const MODELS = 4;
const failure = fc.constantFrom<Outcome>('network', 'timeout', 'provider_error');
const course = fc.record({ failures: fc.integer({ min: 1, max: 5 }), late: fc.nat(2) });
const outage = fc.record({
  provider: fc.integer({ min: 3, max: 6 }),
  models: fc.array(course, { minLength: MODELS, maxLength: MODELS }),
  failure,
  order: fc.array(fc.nat(1000), { minLength: 80, maxLength: 80 }),
});

const repeat = (key: TargetKey, outcome: Outcome, times: number): Told[] =>
  Array.from({ length: times }, () => ({ key, outcome }));

/** Several sequences as one, each in its own order, interleaved as the numbers choose. */
function interleave(sequences: readonly Told[][], order: readonly number[]): Told[] {
  const waiting = sequences.map((sequence) => [...sequence]);
  const merged: Told[] = [];
  for (let turn = 0; ; turn++) {
    const left = waiting.filter(({ length }) => length > 0);
    const next = left[(order[turn % order.length] ?? 0) % (left.length || 1)]?.shift();
    if (next === undefined) return merged;
    merged.push(next);
  }
}

describe('an outage of a whole provider', () => {
  test('is one incident and leaves no other behind, in whatever order its targets fail and come back', () => {
    fc.assert(
      fc.property(outage, ({ provider, models, failure: outcome, order }) => {
        const watched = new Watched(MODELS);
        const keyOf = (index: number): TargetKey => model(`m${index}`);
        for (const key of watched.keys) watched.tellAlone(key, 'success');
        const fails = (one: Course, index: number): Told[] => repeat(keyOf(index), outcome, one.failures);
        const returns = (one: Course, index: number): Told[] => [
          ...repeat(keyOf(index), outcome, one.late),
          ...repeat(keyOf(index), 'success', 2),
        ];
        const down = interleave([repeat(PROVIDER, outcome, provider), ...models.map(fails)], order);
        const back = interleave([repeat(PROVIDER, 'success', 2), ...models.map(returns)], order.toReversed());
        for (const told of down) watched.tellAlone(told.key, told.outcome);
        expect(watched.book.active()).toMatchObject([{ scope: 'provider', type: outcome }]);
        for (const told of back) watched.tellAlone(told.key, told.outcome);
        watched.wait();
        expect([...watched.store.values()]).toMatchObject([{ scope: 'provider', status: 'resolved' }]);
      }),
      { numRuns: 500 },
    );
  });

  test('is one incident each time it comes again within the time to reopen, whoever falls first', () => {
    fc.assert(
      fc.property(fc.array(outage, { minLength: 2, maxLength: 4 }), (outages) => {
        const watched = new Watched(MODELS);
        for (const { order } of outages) {
          const all = watched.keys.map((key) => repeat(key, 'provider_error', 3));
          for (const told of interleave(all, order)) watched.tellAlone(told.key, told.outcome);
          for (const key of watched.keys) for (const _ of [1, 2]) watched.tellAlone(key, 'success');
          watched.nowMs += 10 * MINUTE_MS;
        }
        expect([...watched.store.values()]).toMatchObject([{ scope: 'provider', status: 'resolved' }]);
      }),
    );
  });

  test('takes over what its models had begun shortly before, and leaves alone what is older', () => {
    const watched = new Watched(300);
    watched.tellTimes(3, model('m1'), 'timeout');
    watched.nowMs += 40 * MINUTE_MS;
    watched.tellTimes(3, model('m2'), 'timeout');
    watched.tellTimes(3, PROVIDER, 'network');
    const active = watched.book.active();
    expect(active.map(({ scope, models }) => [scope, models])).toEqual([
      ['model', ['m1']],
      ['provider', ['m2']],
    ]);
    for (const key of [PROVIDER, model('m2')]) watched.tellTimes(2, key, 'success');
    expect(watched.book.active()).toMatchObject([{ id: active[0]?.id, models: ['m1'] }]);
    const after = new Watched(300, new Map(active.map((one) => [one.id, one])), watched.nowMs);
    after.keep(after.book.reconcile(() => true, after.nowMs));
    expect(after.book.active().map(({ scope }) => scope)).toEqual(['model', 'provider']);
  });
});

describe('a model that goes down waits for a word of its provider', () => {
  test('a check of the provider that succeeds afterwards opens its incident as of when it went down', () => {
    const watched = new Watched(20);
    for (const _ of [1, 2, 3]) watched.tellAlone(model('m1'), 'timeout');
    const downAtMs = watched.nowMs;
    expect(watched.stored()).toEqual([]);
    watched.tellAlone(model('m1'), 'timeout');
    watched.tellAlone(PROVIDER, 'success');
    expect(watched.only()).toMatchObject({
      scope: 'model',
      openedAtMs: downAtMs,
      consecutiveFailures: 4,
    });
    expect(watched.only().evidence).toHaveLength(4);
  });

  test.each<[string, TargetKey, Outcome]>([
    ['another model that answers', model('m2'), 'success'],
    ['its own return', model('m1'), 'success'],
    ['a provider without a list', PROVIDER, 'caller'],
    ['a provider in other trouble', PROVIDER, 'credentials'],
  ])('%s is such a word', (_, key, outcome) => {
    const watched = new Watched(20);
    for (const _ of [1, 2, 3]) watched.tellAlone(model('m1'), 'timeout');
    watched.tellAlone(key, outcome);
    expect(watched.only()).toMatchObject({ scope: 'model', models: ['m1'] });
  });

  test.each<[string, TargetKey, Outcome]>([
    ['another model that fails', model('m2'), 'timeout'],
    ['a provider that fails too', PROVIDER, 'network'],
    ['our own failure', PROVIDER, 'gateway'],
  ])('%s is none, and after a bounded time the incident opens without', (_, key, outcome) => {
    const watched = new Watched(20);
    for (const _ of [1, 2, 3]) watched.tellAlone(model('m1'), 'timeout');
    watched.tellAlone(key, outcome);
    watched.keep(watched.book.refresh(watched.nowMs + MINUTE_MS));
    expect(watched.stored()).toEqual([]);
    watched.wait();
    expect(watched.only()).toMatchObject({ scope: 'model', models: ['m1'], status: 'open' });
  });

  test('one that leaves, or is maintained, waits no longer', () => {
    const watched = new Watched(20);
    for (const name of ['m1', 'm2']) for (const _ of [1, 2, 3]) watched.tellAlone(model(name), 'timeout');
    watched.keep(watched.book.forget(model('m1'), watched.nowMs));
    const verdict = watched.verdicts.get(model('m2'));
    if (verdict === null) throw new Error('m2 is tracked');
    const planned = { ...verdict, state: 'maintenance' as const };
    watched.book.apply({ key: planned.key, from: 'down', to: 'maintenance', verdict: planned, atMs: 1 });
    watched.wait();
    expect(watched.stored()).toEqual([]);
  });

  test('half of the models waiting are the provider, whatever its list says later', () => {
    const watched = new Watched(4);
    for (const name of ['m1', 'm2']) for (const _ of [1, 2, 3]) watched.tellAlone(model(name), 'timeout');
    expect([...watched.store.values()]).toMatchObject([{ scope: 'provider', models: ['m1', 'm2'] }]);
  });
});
