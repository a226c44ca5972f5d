import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LineBatches } from './line-batches.ts';

/** Batches whose writes end when the test says so. */
function heldBatches() {
  const writes: { text: string; lines: number; end: PromiseWithResolvers<number> }[] = [];
  const batches = new LineBatches<number>((text, lines) => {
    const end = Promise.withResolvers<number>();
    writes.push({ text, lines, end });
    return end.promise;
  });
  return { writes, batches };
}

test('what comes in one turn of the event loop is one write, and what comes during it is the next', async () => {
  const { writes, batches } = heldBatches();
  const first = [batches.add('1\n', 1), batches.add('2\n3\n', 2)];
  await turn();
  const second = [batches.add('4\n', 1)];
  await turn();
  second.push(batches.add('5\n', 1));
  await turn();
  expect(writes).toHaveLength(1);
  writes[0]?.end.resolve(7);
  expect(await Promise.all(first)).toEqual([7, 7]);
  await turn();
  writes[1]?.end.resolve(8);
  expect(await Promise.all(second)).toEqual([8, 8]);
  expect(writes.map(({ text, lines }) => [text, lines])).toEqual([
    ['1\n2\n3\n', 3],
    ['4\n5\n', 2],
  ]);
});

test('a write that fails is the failure of its own lines alone', async () => {
  const { writes, batches } = heldBatches();
  const lines = [batches.add('1\n', 1), batches.add('2\n', 1)];
  await turn();
  lines.push(batches.add('3\n', 1));
  const settled = Promise.allSettled(lines);
  writes[0]?.end.reject(new Error('full'));
  await turn();
  await turn();
  writes[1]?.end.resolve(1);
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});

test('whoever waits for what has come so far does not wait for what comes later', async () => {
  const { writes, batches } = heldBatches();
  void batches.add('1\n', 1);
  let isSettled = false;
  const settled = batches.settled().then(() => {
    isSettled = true;
  });
  await turn();
  expect(isSettled).toBe(false);
  const later = batches.add('2\n', 1);
  let isIdle = false;
  const idle = batches.idle().then(() => {
    isIdle = true;
  });
  writes[0]?.end.resolve(1);
  await settled;
  await turn();
  await turn();
  expect(isIdle).toBe(false);
  writes[1]?.end.resolve(2);
  await Promise.all([later, idle]);
  await batches.settled();
});
