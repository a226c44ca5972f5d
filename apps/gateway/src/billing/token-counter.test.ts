import { setImmediate as turnOver } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Found } from './texts-of.ts';
import { TokenCounter } from './token-counter.ts';

/** Counts a token for every four characters, and takes a millisecond for every hundred. */
function createStage() {
  let work = 0;
  let before = 0;
  const turns: number[] = [];
  const waiting: (() => void)[] = [];
  const counter = new TokenCounter({
    load: async () => (text) => {
      work += text.length;
      return text.length / 4;
    },
    now: () => work / 100,
    nextTurn: () => new Promise<void>((resolve) => void waiting.push(resolve)),
  });
  /** Goes on from turn to turn until nobody waits for one; all that wait for the same one get it. */
  const runTurns = async (): Promise<void> => {
    do {
      for (const resolve of waiting.splice(0)) resolve();
      await turnOver();
      turns.push(work - before);
      before = work;
    } while (waiting.length > 0);
  };
  const count = async (...parts: readonly Found[][]): Promise<readonly number[]> => {
    const counted = counter.count(parts);
    await turnOver();
    await runTurns();
    return counted;
  };
  return { counter, count, runTurns, turns, work: () => work };
}

const texts = (count: number, length: number): string[] =>
  Array.from({ length: count }, () => 'a'.repeat(length));

test('the tokens of every part are its texts and what was known of it', async () => {
  const { count } = createStage();
  expect(await count(['abcd', 1000, 'abcdabcd'], [], ['abcd'])).toEqual([1003, 0, 1]);
});

test('no more than some 64 K characters of a request are counted, however many texts it has', async () => {
  const { count, work } = createStage();
  const [first, second] = await count(texts(300, 32_768), texts(3, 4000));
  expect(work()).toBeLessThan(66_000);
  expect(first).toBe((300 * 32_768) / 4);
  expect(second).toBe(3000);
});

test('what is not counted is taken for no cheaper than what was, nor than its bytes let expect', async () => {
  const dear = new TokenCounter({ load: async () => (text) => text.length });
  expect(await dear.count([texts(10, 65_536)])).toEqual([655_360]);
  const cheap = new TokenCounter({ load: async () => () => 1 });
  const [tokens = 0] = await cheap.count([[' '.repeat(65_536), 'ä'.repeat(100_000)]]);
  expect(tokens).toBe(65_536 / 512 + 50_000);
});

test('the event loop is given back after every piece of work, by all requests together', async () => {
  const { counter, runTurns, turns, work } = createStage();
  const all = Promise.all(Array.from({ length: 20 }, () => counter.count([texts(40, 2000)])));
  await turnOver();
  await runTurns();
  await all;
  expect(work()).toBeGreaterThan(1_000_000);
  expect(Math.max(...turns)).toBeLessThanOrEqual(8 * 100 + 512);
});

test('the walk over a value that has no texts is interrupted as well', async () => {
  let steps = 0;
  let turns = 0;
  const counter = new TokenCounter({
    load: async () => () => 0,
    now: () => steps / 1000,
    nextTurn: async () => {
      turns += 1;
    },
  });
  const numbers = function* (): Generator<Found> {
    for (; steps < 100_000; steps += 1) yield 1;
  };
  expect(await counter.count([numbers()])).toEqual([100_000]);
  expect(turns).toBeGreaterThan(10);
});

test('a request that cannot be counted does not keep the next one from it', async () => {
  let isBroken = true;
  const counter = new TokenCounter({
    load: async () => () => {
      if (isBroken) throw new Error('no');
      return 7;
    },
  });
  await expect(counter.count([['text']])).rejects.toThrow('no');
  isBroken = false;
  expect(await counter.count([['text']])).toEqual([7]);
});
