import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  checkTierIntervals,
  checkTrafficTiers,
  DEFAULT_TIER_INTERVALS,
  DEFAULT_TRAFFIC_TIERS,
  TIERS,
  tierOf,
  tiersFromTraffic,
} from './tiers.ts';

test('the busiest models up to half of the traffic are critical, up to 90% popular, the rest standard', () => {
  const tiers = tiersFromTraffic(
    new Map([
      ['a', 400],
      ['b', 200],
      ['c', 200],
      ['d', 100],
      ['e', 60],
      ['f', 40],
    ]),
  );
  expect(Object.fromEntries(tiers)).toEqual({
    a: 'critical',
    b: 'critical',
    c: 'popular',
    d: 'popular',
    e: 'standard',
    f: 'standard',
  });
});

test('a rank beyond the bound keeps a model out of the tier that its share would give it', () => {
  const even = new Map(Array.from({ length: 50 }, (_, index) => [`m${100 + index}`, 100]));
  const counts = [...tiersFromTraffic(even).values()];
  expect(counts.filter((tier) => tier === 'critical')).toHaveLength(20);
});

test('a handful of requests makes nobody critical, and a count that is no number is nothing', () => {
  expect(tiersFromTraffic(new Map([['only', 9]])).get('only')).toBe('standard');
  expect(tiersFromTraffic(new Map([['odd', Number.NaN]])).has('odd')).toBe(false);
});

test('a busier model never has a lower tier than a quieter one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000), { maxLength: 300 }), (counts) => {
      const requests = new Map(counts.map((count, index) => [`m${index}`, count]));
      const tiers = tiersFromTraffic(requests);
      const ranked = [...requests].sort(([, a], [, b]) => b - a);
      const places = ranked.map(([model]) => TIERS.indexOf(tiers.get(model) ?? 'on_demand'));
      const uneven = places.findIndex((place, index) => place < (places[index - 1] ?? 0));
      // Equal counts may be split by a boundary; only a strictly busier one must not stand lower.
      expect(uneven < 0 || ranked[uneven]?.[1] === ranked[uneven - 1]?.[1]).toBe(true);
    }),
  );
});

test('config goes before traffic, the narrowest pattern first', () => {
  const key = { provider: 'groq', model: 'small' };
  const traffic = new Map([['small', 'critical' as const]]);
  expect(tierOf(key, {}, traffic)).toBe('critical');
  expect(tierOf(key, { 'groq/*': 'on_demand' }, traffic)).toBe('on_demand');
  expect(tierOf(key, { 'groq/*': 'on_demand', small: 'popular' }, traffic)).toBe('popular');
  expect(tierOf(key, { small: 'popular', 'groq/small': 'standard' }, traffic)).toBe('standard');
});

test('a model without traffic is on demand, and standard while traffic is not known at all', () => {
  const key = { provider: 'groq', model: '__proto__' };
  expect(tierOf(key, {}, new Map())).toBe('on_demand');
  expect(tierOf(key, {}, null)).toBe('standard');
});

test('settings that make no sense are refused with their name', () => {
  expect(() => checkTierIntervals({ ...DEFAULT_TIER_INTERVALS, popular: 0 })).toThrow('intervals.popular');
  expect(() => checkTrafficTiers({ ...DEFAULT_TRAFFIC_TIERS, popularShare: 0.4 })).toThrow('popularShare');
  checkTierIntervals(DEFAULT_TIER_INTERVALS);
  checkTrafficTiers(DEFAULT_TRAFFIC_TIERS);
});
