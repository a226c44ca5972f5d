import { freePort, startRedis } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { createRedisInfoWatch, type RedisInfo, readRedisInfo } from './redis-info.ts';
import { createRedisLink } from './redis-link.ts';

const NOTHING = {
  memoryUsedBytes: null,
  memoryMaxBytes: null,
  connectedClients: null,
  keyspaceHits: null,
  keyspaceMisses: null,
  expiredKeys: null,
  evictedKeys: null,
};

const PATIENT = { timeout: 15_000, interval: 20 };

test('what Redis did not say, or said in no number, is null', () => {
  expect(readRedisInfo('')).toEqual(NOTHING);
  expect(readRedisInfo('# Memory\r\nused_memory:many\r\nused_memory_rss:7\r\nmaxmemory:0\r\n')).toEqual({
    ...NOTHING,
    memoryMaxBytes: 0,
  });
});

test('the numbers are those of the Redis that is asked', async () => {
  await using redis = await startRedis({ args: ['--maxmemory', '50mb'] });
  const link = createRedisLink({ url: redis.url });
  try {
    await vi.waitFor(() => expect(link.isAvailable()).toBe(true), { timeout: 15_000 });
    await link.ask('set', (client) => client.set('there', '1'));
    await link.ask('get', (client) => client.mget('there', 'there', 'missing'));
    const readings: (RedisInfo | null)[] = [];
    await createRedisInfoWatch({ redis: link, onInfo: (info) => readings.push(info) }).read();
    expect(readings).toEqual([
      {
        memoryUsedBytes: expect.any(Number),
        memoryMaxBytes: 50 * 1024 * 1024,
        connectedClients: 1,
        keyspaceHits: 2,
        keyspaceMisses: 1,
        expiredKeys: 0,
        evictedKeys: 0,
      },
    ]);
    expect(readings[0]?.memoryUsedBytes).toBeGreaterThan(100_000);
  } finally {
    await link.close();
  }
});

test('a watch that is started tells at once of a Redis that is not there, and goes on asking until it is stopped', async () => {
  const link = createRedisLink({ url: `redis://127.0.0.1:${await freePort()}` });
  const readings: (RedisInfo | null)[] = [];
  const watch = createRedisInfoWatch({ redis: link, onInfo: (info) => readings.push(info), intervalMs: 1 });
  watch.start();
  watch.start();
  await vi.waitFor(() => expect(readings.length).toBeGreaterThan(3));
  expect(new Set(readings)).toEqual(new Set([null]));
  watch.stop();
  await new Promise((resolve) => setImmediate(resolve));
  const told = readings.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(readings).toHaveLength(told);
  await link.close();
});

test('a watch tells soon of a Redis that goes away, and of one that comes back', async () => {
  await using stack = new AsyncDisposableStack();
  let redis = await startRedis();
  stack.defer(() => redis.stop());
  const link = createRedisLink({ url: redis.url });
  stack.defer(() => link.close());
  const readings: (RedisInfo | null)[] = [];
  const onInfo = (info: RedisInfo | null): void => void readings.push(info);
  const watch = createRedisInfoWatch({ redis: link, onInfo, intervalMs: 600_000 });
  stack.defer(() => watch.stop());
  watch.start();
  const says = (isUp: boolean) => () => expect(Boolean(readings.at(-1))).toBe(isUp);
  await vi.waitFor(says(true), PATIENT);
  redis.process.kill('SIGKILL');
  await redis.process.exit;
  await vi.waitFor(says(false), PATIENT);
  await redis.stop();
  redis = await startRedis({ port: redis.port });
  await vi.waitFor(says(true), PATIENT);
});
