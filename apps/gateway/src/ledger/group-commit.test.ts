import { setImmediate as turn } from 'node:timers/promises';
import { SqlError } from '@gatewayz/database';
import { expect, test, vi } from 'vitest';
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

test('groups begin apart where a distance is asked for, and the first does not wait', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const groups: (readonly number[])[] = [];
  const commits = new GroupCommit<number, null>(
    async (items) => {
      groups.push(items);
      return items.map(() => null);
    },
    100,
    5,
  );
  await commits.add(1);
  const later = [2, 3].map(async (item) => {
    for (let turns = 0; turns < item; turns += 1) await turn();
    return commits.add(item);
  });
  await Promise.all(later);
  vi.useRealTimers();
  expect(groups).toEqual([[1], [2, 3]]);
});

async function commitTogether(error: Error) {
  const groups: (readonly string[])[] = [];
  const commits = new GroupCommit<string, string>(async (items) => {
    groups.push(items);
    if (items.includes('bad')) throw error;
    return items;
  }, 3);
  const results = await Promise.allSettled(['good', 'bad', 'fine', 'next'].map((item) => commits.add(item)));
  await commits.idle();
  return { groups, results: results.map(({ status }) => status) };
}

test('a group that the database does not take fails as a whole, and no other with it', async () => {
  const { groups, results } = await commitTogether(new SqlError('unavailable', 'no Postgres'));
  expect(results).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
  expect(groups).toEqual([['good', 'bad', 'fine'], ['next']]);
});

test('what waits behind a database that hangs fails with what it hangs on', async () => {
  const { groups, results } = await commitTogether(new SqlError('timeout', 'Postgres hangs'));
  expect(results).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
  expect(groups).toEqual([['good', 'bad', 'fine']]);
});

test.each([new SqlError('failed', 'no'), new SqlError('invalid', 'no'), new TypeError('no')])(
  'where the data of one item may be refused, they are tried in ever smaller groups: %s',
  async (error) => {
    const { groups, results } = await commitTogether(error);
    expect(results).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(groups).toEqual([['good', 'bad', 'fine'], ['good'], ['bad', 'fine'], ['bad'], ['fine'], ['next']]);
  },
);
