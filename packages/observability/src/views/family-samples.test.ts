import { createRegistry } from '@gatewayz/metrics';
import { expect, test } from 'vitest';
import { FamilySamples } from './family-samples.ts';

function createRig() {
  const registry = createRegistry({ selfMetrics: false });
  const counter = registry.counter({ name: 'a_total', help: 'A.', labels: ['b'] });
  const family = new FamilySamples(true);
  const rateOf = (b: string, nowMs: number) => {
    const where = [{ label: 'b', op: '=', value: b }] as const;
    const rates = family.rates(nowMs, 60_000);
    return rates === null
      ? null
      : family.groups('a_total', [], where, false).aggregate('sum', rates)[0]?.value;
  };
  const sample = (atMs: number) => family.sample(registry.samples('a_total'), atMs, true);
  return { counter, family, rateOf, sample };
}

test('with one sample there is no rate', () => {
  const { counter, rateOf, sample } = createRig();
  counter.labels({ b: 'x' }).inc(5);
  sample(0);
  expect(rateOf('x', 1000)).toBeNull();
});

test('what a series had at the first sample does not count, what it had when it appeared later does', () => {
  const { counter, rateOf, sample } = createRig();
  counter.labels({ b: 'old' }).inc(600);
  sample(0);
  counter.labels({ b: 'old' }).inc(60);
  counter.labels({ b: 'new' }).inc(60);
  sample(60_000);
  expect([rateOf('old', 60_000), rateOf('new', 60_000)]).toEqual([1, 1]);
});

test('a series that is removed has no value, and its neighbours keep theirs', () => {
  const { counter, family, rateOf, sample } = createRig();
  for (const b of ['x', 'y', 'z']) counter.labels({ b });
  sample(0);
  counter.labels({ b: 'z' }).inc(120);
  counter.remove({ b: 'y' });
  sample(60_000);
  expect([rateOf('x', 60_000), rateOf('y', 60_000), rateOf('z', 60_000)]).toEqual([0, undefined, 2]);
  const values = family.groups('a_total', ['b'], [], true).aggregate('sum', family.current());
  expect(values).toEqual([
    { labels: { b: 'x' }, value: 0 },
    { labels: { b: 'z' }, value: 120 },
  ]);
});

test('series that come and go do not pile up', () => {
  const { counter, family, sample } = createRig();
  for (let turn = 0; turn < 5000; turn += 1) {
    counter.clear();
    counter.labels({ b: `${turn}` }).inc();
    sample(turn * 15_000);
  }
  expect(family.current().length).toBeLessThan(1100);
});

test('groups are the largest, the sum or the mean of their series', () => {
  const { counter, family, sample } = createRig();
  counter.labels({ b: 'x' }).inc(1);
  counter.labels({ b: 'y' }).inc(5);
  sample(0);
  const groups = family.groups('a_total', [], [], true);
  const of = (aggregate: 'sum' | 'avg' | 'max') => groups.aggregate(aggregate, family.current())[0]?.value;
  expect([of('sum'), of('avg'), of('max')]).toEqual([6, 3, 5]);
  expect(family.groups('b_total', [], [], true).aggregate('sum', family.current())).toEqual([]);
});
