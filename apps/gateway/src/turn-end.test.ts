import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { atTurnEnd } from './turn-end.ts';

function collect(work: (item: number) => void = () => {}) {
  const done: number[] = [];
  const failed: unknown[] = [];
  const add = atTurnEnd<number>(
    (item) => {
      work(item);
      done.push(item);
    },
    (error, item) => failed.push([item, error]),
  );
  return { done, failed, add };
}

test('all of a turn is done at its end, in order, and before what comes in with the next one', async () => {
  const { add, done } = collect();
  add(1);
  await Promise.resolve();
  add(2);
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual([1, 2]);
  add(3);
  await nextTurn();
  expect(done).toEqual([1, 2, 3]);
});

test('what is added while work is done has its own turn', async () => {
  const again: number[] = [];
  const { add, done } = collect((item) => {
    if (item < 3) add(item + 1);
    again.push(item);
  });
  add(1);
  for (const expected of [[1], [1, 2], [1, 2, 3]]) {
    await nextTurn();
    expect(done).toEqual(expected);
  }
});

test('an item that fails is told of, and the others are done', async () => {
  const error = new Error('planted');
  const { add, done, failed } = collect((item) => {
    if (item === 2) throw error;
  });
  for (const item of [1, 2, 3]) add(item);
  await nextTurn();
  expect({ done, failed }).toEqual({ done: [1, 3], failed: [[2, error]] });
});
