import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startStage } from '../stage.ts';
import { chat, createKey, PATIENT, type RedisStage, startRedisStage } from './redis-stage.ts';

const REDIS_METRIC = /^(?:gatewayz_)?redis_/;
const MEBIBYTE = 1024 * 1024;
/** Redis is asked about itself every 15 s. */
const NEXT_READING = { timeout: 30_000, interval: 250 };

let stage: RedisStage;

beforeAll(async () => {
  stage = await startRedisStage({
    keys: ['key-a'],
    config: { rateLimits: { key: { requestsPerMinute: 100, tokensPerMinute: 100_000, concurrency: 5 } } },
    redisArgs: ['--maxmemory', String(64 * MEBIBYTE), '--maxmemory-policy', 'allkeys-lru'],
  });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** What Redis says of itself now. */
async function infoOf(name: string): Promise<number> {
  const line = (await stage.command('INFO')).split('\n').find((text) => text.startsWith(`${name}:`));
  return Number(line?.slice(name.length + 1));
}

test('without REDIS_URL there is no metric of Redis', async () => {
  await using without = await startStage({ providers: { primary: {} } });
  const { families } = await without.gateway.metrics();
  expect(families.filter(({ name }) => REDIS_METRIC.test(name))).toEqual([]);
});

test('every request is one question for leave and one for its end', async () => {
  const ended = async (operation: string): Promise<number | undefined> =>
    (await stage.gateway.metrics()).value('gatewayz_redis_operations_total', {
      operation,
      status: 'success',
    });
  for (let time = 0; time < 5; time++) await chat(stage.gateway, 'key-a');
  await vi.waitFor(
    async () => expect([await ended('limit'), await ended('limit_end')]).toEqual([5, 5]),
    PATIENT,
  );
  const metrics = await stage.gateway.metrics();
  const name = 'gatewayz_redis_operation_duration_seconds_count';
  expect(metrics.value(name, { operation: 'limit' })).toBe(5);
  expect(metrics.sum('gatewayz_redis_operations_total', { status: 'error' })).toBeLessThanOrEqual(2);
});

test('a key without any limit costs Redis nothing', async () => {
  await using unlimited = await startRedisStage({ keys: ['key-a'] });
  const { token } = await createKey(unlimited.gateway, 'ann');
  for (const key of ['key-a', token]) expect((await chat(unlimited.gateway, key)).status).toBe(200);
  const metrics = await unlimited.gateway.metrics();
  expect(metrics.series('gatewayz_redis_operations_total', { operation: 'limit' })).toEqual([]);
});

test('what Redis says of itself is on /metrics', async () => {
  for (const name of ['one', 'two', 'three']) await stage.command('SET', name, 'x', 'EX', '60');
  for (const name of ['one', 'two', 'two']) await stage.command('GET', name);
  for (const name of ['none', 'nobody']) await stage.command('GET', name);
  await stage.command('SET', 'brief', 'x', 'PX', '1');
  await vi.waitFor(async () => expect(await stage.command('EXISTS', 'brief')).toBe('0'), PATIENT);
  await stage.command('CONFIG', 'SET', 'maxmemory', '1');
  await vi.waitFor(async () => expect(await infoOf('evicted_keys')).toBeGreaterThan(0), PATIENT);
  await stage.command('CONFIG', 'SET', 'maxmemory', String(64 * MEBIBYTE));
  const said = {
    hits: await infoOf('keyspace_hits'),
    misses: await infoOf('keyspace_misses'),
    expired: await infoOf('expired_keys'),
    evicted: await infoOf('evicted_keys'),
  };

  // What the gateway itself goes on asking counts too.
  await vi.waitFor(async () => {
    const metrics = await stage.gateway.metrics();
    expect(metrics.value('redis_expired_keys_total')).toBeGreaterThanOrEqual(said.expired);
    expect(metrics.value('redis_keyspace_hits_total')).toBeGreaterThanOrEqual(said.hits);
    expect(metrics.value('redis_keyspace_misses_total')).toBeGreaterThanOrEqual(said.misses);
    expect(metrics.value('redis_evicted_keys_total')).toBe(said.evicted);
  }, NEXT_READING);
  const metrics = await stage.gateway.metrics();
  expect(said).toMatchObject({ hits: expect.any(Number), misses: expect.any(Number) });
  expect(said.hits).toBeGreaterThanOrEqual(3);
  expect(metrics.value('redis_expired_keys_total')).toBeLessThanOrEqual(await infoOf('expired_keys'));
  expect(metrics.value('redis_keyspace_hits_total')).toBeLessThanOrEqual(await infoOf('keyspace_hits'));
  expect(metrics.value('redis_keyspace_misses_total')).toBeLessThanOrEqual(await infoOf('keyspace_misses'));
  expect(metrics.value('redis_up')).toBe(1);
  expect(metrics.value('redis_memory_max_bytes')).toBe(64 * MEBIBYTE);
  expect(metrics.value('redis_connected_clients')).toBeOneOf([1, 2]);
  const used = metrics.value('redis_memory_used_bytes') ?? 0;
  expect(Math.abs(used - (await infoOf('used_memory')))).toBeLessThan(MEBIBYTE);
});
