import { expect, test } from 'vitest';
import type { ProviderRequest } from './read-openai-request.ts';
import type { Script } from './script.ts';
import { answers, failsWith, hangs, mixes } from './scripts.ts';

const REQUEST = {} as ProviderRequest;

function play(seed: number): readonly (Script | undefined)[] {
  const choose = mixes(
    [
      [0.3, failsWith(500)],
      [0.05, hangs()],
    ],
    answers(),
    seed,
  );
  return Array.from({ length: 5000 }, (_, index) => choose(REQUEST, index + 1));
}

test('a mix keeps its shares and its order', () => {
  const kinds = play(7).map((script) => script?.kind);
  const count = (kind: string): number => kinds.filter((own) => own === kind).length;
  expect(count('body')).toBeGreaterThan(1400);
  expect(count('body')).toBeLessThan(1600);
  expect(count('hang')).toBeGreaterThan(200);
  expect(count('hang')).toBeLessThan(300);
  expect(count('answer')).toBe(5000 - count('body') - count('hang'));
  expect(play(7).map((script) => script?.kind)).toEqual(kinds);
  expect(play(8).map((script) => script?.kind)).not.toEqual(kinds);
});

test('shares that add up to more than the whole are refused', () => {
  expect(() =>
    mixes([
      [0.7, hangs()],
      [0.4, hangs()],
    ]),
  ).toThrow(/more than 1/);
});
