import { expect, test } from 'vitest';
import { describeCandidates } from './describe-candidates.ts';
import { NOW, record, routeTo, targetAt } from './target-fixture.ts';

test('every target is described as it stands, in the order of the route', () => {
  const open = targetAt('open');
  record(open, 5, 'provider_error');
  const resting = targetAt('resting');
  resting.health.coolOff(1000, 'rate_limited', NOW);
  expect(describeCandidates(routeTo(open, resting), NOW)).toEqual([
    {
      provider: 'open',
      model: 'large',
      score: expect.closeTo(0.3),
      breakerState: 'open',
      isAvailable: false,
    },
    { provider: 'resting', model: 'large', score: 1, breakerState: 'closed', isAvailable: false },
  ]);
});

test('the breaker state is that of the stricter of provider and model', () => {
  const target = targetAt('a', { breaker: { openMs: 1000, maxOpenMs: 1000, jitter: 0 } });
  const { breaker: ofProvider } = target.provider.health;
  const { breaker: ofModel } = target.health;
  const state = (): string | undefined => describeCandidates(routeTo(target), NOW)[0]?.breakerState;
  expect(state()).toBe('closed');
  ofModel.forceOpen('', NOW);
  expect(state()).toBe('open');
  ofProvider.forceOpen('', NOW);
  ofProvider.auto(NOW);
  expect(ofProvider.visibleState(NOW)).toBe('half_open');
  expect(state()).toBe('open');
  ofModel.forceClosed('', NOW);
  expect(state()).toBe('half_open');
  ofModel.forceOpen('', NOW);
  ofModel.auto(NOW);
  ofProvider.forceClosed('', NOW);
  expect(state()).toBe('half_open');
});

test('a score is taken anew after 100 ms, and at once where a breaker has changed', () => {
  const target = targetAt('a');
  const score = (nowMs: number): number | undefined => describeCandidates(routeTo(target), nowMs)[0]?.score;
  expect(score(NOW)).toBe(1);
  record(target, 1, 'provider_error');
  expect(score(NOW + 99)).toBe(1);
  expect(score(NOW + 100)).toBeLessThan(1);
  record(target, 4, 'provider_error');
  expect(score(NOW + 101)).toBeCloseTo(0.3);
});
