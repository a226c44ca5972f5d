import { expect, test } from 'vitest';
import { CallLimit } from './call-limit.ts';
import type { SqlStatement } from './sql-engine.ts';

const binding = (values: number): readonly SqlStatement[] => [
  { sql: '', parameters: Array.from({ length: values }, () => 0) },
];

test('calls over the limit are refused at once, and let in again when others have ended', async () => {
  const limit = new CallLimit({ maxCalls: 2 });
  const first = Promise.withResolvers<string>();
  const running = [limit.run([], () => first.promise), limit.run([], () => first.promise)];
  let hasBegun = false;
  const refused = limit.run([], async () => {
    hasBegun = true;
  });
  await expect(refused).rejects.toMatchObject({ code: 'queue_full' });
  expect(hasBegun).toBe(false);
  first.resolve('done');
  expect(await Promise.all(running)).toEqual(['done', 'done']);
  expect(await limit.run([], async () => 'again')).toBe('again');
});

test('values over the limit are refused, but a call that is too large by itself runs alone', async () => {
  const limit = new CallLimit({ maxValues: 10 });
  const first = Promise.withResolvers<void>();
  const large = limit.run(binding(11), () => first.promise);
  await expect(limit.run(binding(1), async () => {})).rejects.toMatchObject({ code: 'queue_full' });
  first.resolve();
  await large;
  await Promise.all([limit.run(binding(5), async () => {}), limit.run(binding(5), async () => {})]);
});

test('the values of rows count by the length of their text', async () => {
  const limit = new CallLimit({ maxValues: 10 });
  const first = Promise.withResolvers<void>();
  const rows = JSON.stringify([['x'.repeat(150)]]);
  const large = limit.run([{ sql: '', parameters: [], rows }], () => first.promise);
  await expect(limit.run(binding(1), async () => {})).rejects.toMatchObject({ code: 'queue_full' });
  first.resolve();
  await large;
});

test('a call that fails makes room too', async () => {
  const limit = new CallLimit({ maxCalls: 1 });
  await expect(limit.run([], () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await limit.run([], async () => 1)).toBe(1);
});

test('closing waits for what runs and refuses what comes', async () => {
  const limit = new CallLimit();
  const first = Promise.withResolvers<void>();
  const running = limit.run([], () => first.promise);
  let isClosed = false;
  const closing = limit.close().then((isFirst) => {
    isClosed = isFirst;
  });
  await expect(limit.run([], async () => {})).rejects.toMatchObject({ code: 'closed' });
  expect(await limit.close()).toBe(false);
  expect(isClosed).toBe(false);
  first.resolve();
  await Promise.all([running, closing]);
  expect(isClosed).toBe(true);
});
