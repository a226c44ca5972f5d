import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.ts';

test('what comes while a group is under way is the next one, up to the largest', async () => {
  const groups: (readonly number[])[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const commits = new GroupCommit<number, number>(async (items) => {
    groups.push(items);
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return items.map((item) => item * 10);
  }, 3);
  const first = commits.add(1);
  await turn();
  const rest = [2, 3, 4, 5].map((item) => commits.add(item));
  gates[0]?.resolve();
  expect(await first).toBe(10);
  await turn();
  gates[1]?.resolve();
  await turn();
  gates[2]?.resolve();
  expect(await Promise.all(rest)).toEqual([20, 30, 40, 50]);
  expect(groups).toEqual([[1], [2, 3, 4], [5]]);
});

test('what comes in one turn is one group', async () => {
  const sizes: number[] = [];
  const commits = new GroupCommit<number, null>(async (items) => {
    sizes.push(items.length);
    return items.map(() => null);
  }, 100);
  await Promise.all(Array.from({ length: 50 }, (_, item) => commits.add(item)));
  await commits.idle();
  expect(sizes).toEqual([50]);
});

test('a group that fails fails each of its items, and no other', async () => {
  const commits = new GroupCommit<string, string>(async (items) => {
    if (items.includes('bad')) throw new Error('no');
    return items;
  }, 1);
  const results = await Promise.allSettled(['good', 'bad', 'better'].map((item) => commits.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await commits.idle();
});
