import type { RoutingConfig } from '@gatewayz/config';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Target } from '../providers/provider.ts';
import { isHealthy, rankTargets } from './rank-targets.ts';
import { NOW, record, seededRandom, targetAt } from './target-fixture.ts';

const STRATEGIES = ['priority', 'health', 'latency', 'cost'] as const;

function names(targets: readonly Target[]): readonly string[] {
  return targets.map(({ provider }) => provider.name);
}

function rank(
  targets: readonly Target[],
  config: Partial<RoutingConfig>,
  random = (): number => 0.5,
): readonly string[] {
  return names(rankTargets(targets, { strategy: 'priority', exploreRatio: 0, ...config }, random, NOW));
}

/** How often each provider comes first. */
function firsts(
  targets: readonly Target[],
  config: Partial<RoutingConfig>,
  rounds: number,
): Record<string, number> {
  const random = seededRandom(7);
  const counts: Record<string, number> = {};
  for (let round = 0; round < rounds; round += 1) {
    const [first = ''] = rank(targets, config, random);
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

/** A target with one measured latency and no attempt in flight. */
function measured(name: string, latencyMs: number): Target {
  const target = targetAt(name);
  target.latency.start();
  target.latency.end(latencyMs, NOW);
  return target;
}

function priced(name: string, usd: number | null): Target {
  const prices = usd === null ? {} : { large: { inputUsdPerMillion: usd, outputUsdPerMillion: usd } };
  return targetAt(name, { config: { prices } });
}

/** Makes a target do badly without opening its breaker: its answers take too long and half of them fail. */
function degrade(target: Target): Target {
  record(target, 9, 'success', 20_000);
  record(target, 4, 'timeout', 20_000);
  return target;
}

test('every strategy gives each target back exactly once, whatever chance does', () => {
  const targets = ['a', 'b', 'c', 'd'].map((name) => targetAt(name));
  const one = targets[0] as Target;
  record(one, 5, 'provider_error');
  fc.assert(
    fc.property(
      fc.constantFrom(...STRATEGIES),
      fc.integer(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (strategy, seed, exploreRatio) => {
        const ranked = rank(targets, { strategy, exploreRatio }, seededRandom(seed));
        expect([...ranked].sort()).toEqual(['a', 'b', 'c', 'd']);
      },
    ),
  );
});

test('priority keeps the configured order, however the targets do', () => {
  const targets = [degrade(targetAt('a')), targetAt('b')];
  expect(rank(targets, { strategy: 'priority', exploreRatio: 1 })).toEqual(['a', 'b']);
});

describe('health', () => {
  test('draws two targets and prefers the one with the better score, so that the worst never goes first', () => {
    const worst = degrade(targetAt('worst'));
    const counts = firsts([worst, targetAt('good'), targetAt('fine')], { strategy: 'health' }, 3000);
    expect(counts.worst).toBeUndefined();
    // Of three pairs, two hold the first of the two equals.
    expect((counts.good ?? 0) / 3000).toBeCloseTo(2 / 3, 1);
    expect((counts.fine ?? 0) / 3000).toBeCloseTo(1 / 3, 1);
  });

  test('draws among the targets that may be called only', () => {
    const open = targetAt('open');
    record(open, 5, 'provider_error');
    const resting = targetAt('resting');
    resting.health.coolOff(60_000, 'rate_limited', NOW);
    const counts = firsts([open, resting, targetAt('a'), targetAt('b')], { strategy: 'health' }, 500);
    expect(counts.a).toBe(500);
  });

  test('puts the others behind by their score', () => {
    const middle = targetAt('middle');
    record(middle, 3, 'success');
    record(middle, 1, 'provider_error');
    const random = [0, 0];
    const ranked = rank(
      [degrade(targetAt('worst')), middle, targetAt('best')],
      { strategy: 'health' },
      () => random.pop() ?? 1,
    );
    expect(ranked).toEqual(['best', 'middle', 'worst']);
  });
});

describe('latency', () => {
  test('puts the fastest first, and one that was never measured before all', () => {
    const targets = [measured('slow', 900), measured('fast', 100), targetAt('new')];
    expect(rank(targets, { strategy: 'latency' })).toEqual(['new', 'fast', 'slow']);
  });

  test('counts the attempts in flight', () => {
    const busy = measured('busy', 100);
    for (let at = 0; at < 9; at += 1) busy.latency.start();
    expect(rank([busy, measured('idle', 900)], { strategy: 'latency' })).toEqual(['idle', 'busy']);
  });

  test('puts a target that does badly behind the others, however fast it fails', () => {
    const failing = measured('failing', 1);
    record(failing, 4, 'provider_error', 1);
    expect(isHealthy(failing, NOW)).toBe(false);
    expect(failing.health.isAvailable(NOW)).toBe(true);
    expect(rank([failing, measured('slow', 900)], { strategy: 'latency' })).toEqual(['slow', 'failing']);
  });
});

describe('cost', () => {
  test('puts the cheapest first, those without a price last, and equals in the configured order', () => {
    const targets = [
      priced('x', null),
      priced('dear', 9),
      priced('y', null),
      priced('cheap', 0.1),
      priced('same', 9),
    ];
    expect(rank(targets, { strategy: 'cost' })).toEqual(['cheap', 'dear', 'same', 'x', 'y']);
  });

  test('puts those that do badly behind all others, the cheapest of them first', () => {
    const targets = [
      degrade(priced('dear and bad', 0.3)),
      degrade(priced('cheap and bad', 0.1)),
      priced('unknown', null),
      priced('dear', 50),
    ];
    expect(rank(targets, { strategy: 'cost' })).toEqual(['dear', 'unknown', 'cheap and bad', 'dear and bad']);
  });
});

describe('exploring', () => {
  test.each(['health', 'latency'] as const)('sends its share of %s to other healthy targets', (strategy) => {
    const targets = [measured('first', 1), measured('second', 500), degrade(targetAt('bad'))];
    const open = targetAt('open');
    record(open, 5, 'provider_error');
    const counts = firsts([...targets, open], { strategy, exploreRatio: 0.1 }, 4000);
    expect(counts.bad).toBeUndefined();
    expect(counts.open).toBeUndefined();
    if (strategy === 'latency') {
      expect((counts.second ?? 0) / 4000).toBeGreaterThan(0.08);
      expect((counts.second ?? 0) / 4000).toBeLessThan(0.12);
    }
  });

  test.each([0, 1])('happens for none or for all at the ends of the scale (%d)', (exploreRatio) => {
    const targets = [measured('first', 1), measured('second', 500)];
    const counts = firsts(targets, { strategy: 'latency', exploreRatio }, 100);
    expect(counts).toEqual(exploreRatio === 0 ? { first: 100 } : { second: 100 });
  });

  test('leaves the order as it is where no other target is healthy', () => {
    const targets = [measured('first', 1), degrade(targetAt('bad'))];
    expect(rank(targets, { strategy: 'latency', exploreRatio: 1 })).toEqual(['first', 'bad']);
  });
});
