import { createRedisLink, type RedisLink } from '@gatewayz/redis-link';
import type { RunningRedis } from '@gatewayz/testkit';
import { startRedis } from '@gatewayz/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SnapshotCache } from './snapshot-cache.ts';
import { createSnapshotCache } from './snapshot-cache.ts';

const NONE = { system_health: false, providers_health: false, models_health: false };

test('without Redis snapshots are kept in memory for their time, and the cache is not available', async () => {
  let nowMs = 0;
  const lookups: unknown[] = [];
  const cache = createSnapshotCache({
    redis: null,
    ttlMs: 1000,
    now: () => nowMs,
    onLookup: (name, isHit) => lookups.push([name, isHit]),
  });
  expect(cache.isAvailable()).toBe(false);
  expect(await cache.cached()).toEqual(NONE);
  await cache.put('system_health', '{"a":1}');
  nowMs = 999;
  expect(await cache.get('system_health')).toBe('{"a":1}');
  expect(await cache.cached()).toEqual({ ...NONE, system_health: true });
  nowMs = 1000;
  expect(await cache.get('system_health')).toBeNull();
  expect(await cache.cached()).toEqual(NONE);
  expect(lookups).toEqual([
    ['system_health', true],
    ['system_health', false],
  ]);
});

describe('with Redis', () => {
  let redis: RunningRedis;
  let links: readonly RedisLink[];
  let cache: SnapshotCache;
  let replica: SnapshotCache;

  beforeEach(async () => {
    redis = await startRedis();
    links = [1, 2].map(() => createRedisLink({ url: redis.url, holdOffMs: 100 }));
    [cache, replica] = links.map((link) => createSnapshotCache({ redis: link })) as [
      SnapshotCache,
      SnapshotCache,
    ];
    await areUp();
  });

  afterEach(async () => {
    await Promise.all(links.map((link) => link.close()));
    await redis.stop();
  });

  const areUp = (): Promise<void> =>
    vi.waitFor(() => expect(links.map((link) => link.isAvailable())).toEqual([true, true]), {
      timeout: 15_000,
    });

  const ask = async <Result>(command: Parameters<RedisLink['ask']>[1]): Promise<Result> => {
    const answer = await links[0]?.ask('test', command);
    if (!answer?.ok) throw new Error('Redis did not answer the test');
    return answer.value as Result;
  };

  test('replicas see the latest snapshot, under its key, until its time is over', async () => {
    await cache.put('models_health', '1');
    expect(await replica.get('models_health')).toBe('1');
    await replica.put('models_health', '2');
    expect(await cache.get('models_health')).toBe('2');
    expect(await replica.cached()).toEqual({ ...NONE, models_health: true });
    expect(await ask((client) => client.keys('*'))).toEqual(['gatewayz:snapshot:models_health']);
    expect(await ask((client) => client.pttl('gatewayz:snapshot:models_health'))).toBeGreaterThan(290_000);
    expect(cache.isAvailable()).toBe(true);
  });

  test('while Redis hangs snapshots are still taken and served, and the newest wins afterwards', async () => {
    await cache.put('system_health', 'before');
    redis.pause();
    await cache.put('system_health', 'meanwhile');
    expect(cache.isAvailable()).toBe(false);
    expect(await cache.get('system_health')).toBe('meanwhile');
    expect(await cache.cached()).toEqual({ ...NONE, system_health: true });
    expect(await replica.get('system_health')).toBeNull();
    redis.resume();
    await areUp();
    expect(await cache.get('system_health')).toBe('meanwhile');
    await cache.put('system_health', 'after');
    expect(await replica.get('system_health')).toBe('after');
  });

  test('a Redis that was flushed, killed and started again costs no snapshot', async () => {
    await cache.put('system_health', 'kept');
    await ask((client) => client.flushall());
    expect(await cache.get('system_health')).toBe('kept');
    expect(await replica.get('system_health')).toBeNull();
    redis.process.kill('SIGKILL');
    await redis.process.exit;
    expect(await cache.get('system_health')).toBe('kept');
    await redis.stop();
    redis = await startRedis({ port: redis.port });
    await areUp();
    expect(await cache.get('system_health')).toBe('kept');
    await cache.put('system_health', 'again');
    expect(await replica.get('system_health')).toBe('again');
  });

  test.each([
    ['is out of memory', 'maxmemory', '1'],
    ['is read-only', 'min-replicas-to-write', '1'],
  ])('a Redis that %s is not available, and snapshots are served from memory', async (_, name, value) => {
    await cache.put('system_health', 'before');
    await ask((client) => client.config('SET', name, value));
    await cache.put('system_health', 'meanwhile');
    expect(cache.isAvailable()).toBe(false);
    expect(await cache.get('system_health')).toBe('meanwhile');
    await ask((client) => client.config('SET', name, '0'));
    await cache.put('system_health', 'after');
    expect(cache.isAvailable()).toBe(true);
    expect(await replica.get('system_health')).toBe('after');
  });
});
