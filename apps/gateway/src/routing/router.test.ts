import type { RoutingConfig } from '@gatewayz/config';
import { describe, expect, test } from 'vitest';
import type { Target } from '../providers/provider.ts';
import { createRouter, type Router } from './router.ts';
import { NOW, record, routeTo, seededRandom, targetAt } from './target-fixture.ts';

const BREAKER = { openMs: 10_000, halfOpenProbes: 1, closeAfter: 1 };

function routerWith(strategy: RoutingConfig['strategy'] = 'priority'): {
  router: Router;
  passedOver: string[];
} {
  const passedOver: string[] = [];
  const router = createRouter({ strategy, exploreRatio: 0.5 }, seededRandom(3), (target) =>
    passedOver.push(target.provider.name),
  );
  return { router, passedOver };
}

function opened(name: string, nowMs = NOW): Target {
  const target = targetAt(name, { breaker: BREAKER });
  record(target, 5, 'provider_error', 10, nowMs);
  return target;
}

test('the first target that may be called is picked', () => {
  const { router, passedOver } = routerWith();
  const a = targetAt('a');
  expect(router.pick(routeTo(a, targetAt('b')), [], NOW)).toMatchObject({
    target: a,
    admission: { kind: 'yes' },
    isLeastBad: false,
  });
  expect(passedOver).toEqual([]);
});

test('targets that were tried are not picked again, and then nothing is left', () => {
  const { router } = routerWith();
  const [a, b] = [targetAt('a'), targetAt('b')];
  const route = routeTo(a, b);
  expect(router.pick(route, [{ target: a }], NOW)?.target).toBe(b);
  expect(router.pick(route, [{ target: a }, { target: b }], NOW)).toBeNull();
});

test('a target that no list names counts as tried within its request', () => {
  const { router } = routerWith();
  const unlisted = targetAt('a').provider.unlistedTarget('whatever');
  const route = routeTo(unlisted);
  expect(router.pick(route, [], NOW)?.target).toBe(unlisted);
  expect(router.pick(route, [{ target: unlisted }], NOW)).toBeNull();
});

test('what is learned of one unlisted target holds for the next of the same provider', () => {
  const { provider } = targetAt('a');
  record(provider.unlistedTarget('x'), 5, 'provider_error');
  expect(provider.unlistedTarget('y').health.isAvailable(NOW)).toBe(false);
});

test('an open breaker is told of, a rest is not', () => {
  const { router, passedOver } = routerWith();
  const resting = targetAt('resting');
  resting.health.coolOff(5000, 'rate_limited', NOW);
  const last = targetAt('last');
  expect(router.pick(routeTo(opened('open'), resting, last), [], NOW)?.target).toBe(last);
  expect(passedOver).toEqual(['open']);
});

describe('where every target is out', () => {
  test('the one that comes back first is the least bad', () => {
    const later = opened('later', NOW);
    const sooner = opened('sooner', NOW - 5000);
    const pick = routerWith().router.pick(routeTo(later, sooner), [], NOW);
    expect(pick).toMatchObject({
      target: sooner,
      admission: { kind: 'no' },
      isLeastBad: true,
    });
  });

  test('a short rest is less bad than an open breaker', () => {
    const resting = targetAt('resting');
    resting.health.coolOff(1000, 'rate_limited', NOW);
    expect(routerWith().router.pick(routeTo(opened('open'), resting), [], NOW)?.target).toBe(resting);
  });

  test('nothing is tried for a second time', () => {
    const [a, b] = [opened('a'), opened('b')];
    expect(routerWith().router.pick(routeTo(a, b), [{ target: a }], NOW)).toBeNull();
  });

  test.each(['priority', 'health', 'latency', 'cost'] as const)(
    'one that an operator forced open is never picked by %s',
    (strategy) => {
      const { router } = routerWith(strategy);
      const forced = targetAt('forced');
      forced.provider.health.breaker.forceOpen('maintenance', NOW);
      const modelForced = targetAt('model forced');
      modelForced.health.breaker.forceOpen('maintenance', NOW);
      const open = opened('open');
      const route = routeTo(forced, modelForced, open);
      for (let round = 0; round < 100; round += 1) expect(router.pick(route, [], NOW)?.target).toBe(open);
      expect(router.pick(routeTo(forced, modelForced), [], NOW)).toBeNull();
    },
  );
});

describe('a half-open target', () => {
  test('is lent to one attempt at a time, and to the next once that one has ended', () => {
    const { router } = routerWith();
    const primary = opened('primary');
    const spare = targetAt('spare');
    const route = routeTo(primary, spare);
    const later = NOW + 10_000;
    const probe = router.pick(route, [], later);
    expect(probe).toMatchObject({ target: primary, admission: { kind: 'probe' } });
    expect(router.pick(route, [], later)?.target).toBe(spare);
    if (probe !== null) primary.health.record(probe.admission, 'client_closed', 10, later);
    expect(router.pick(route, [], later)).toMatchObject({ target: primary, admission: { kind: 'probe' } });
  });

  test('is not tried again at once by the attempt that failed in it', () => {
    const { router } = routerWith();
    const primary = opened('primary');
    const later = NOW + 10_000;
    const probe = router.again(primary, later);
    if (probe !== null) primary.health.record(probe.admission, 'network', 10, later);
    expect(router.again(primary, later)).toBeNull();
  });
});
