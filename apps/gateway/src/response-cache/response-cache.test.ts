import { createRedisLink, type RedisLink } from '@gatewayz/redis-link';
import { startRedis } from '@gatewayz/testkit';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createResponseCache, type ResponseCache, type ResponseCacheOptions } from './response-cache.ts';

const answer = { provider: 'groq', model: 'llama', body: Buffer.from('{"id":"1","bytes":"é\\n"}\n') };
const anyone = (): boolean => true;
const ofBytes = (length: number): typeof answer => ({ ...answer, body: Buffer.alloc(length, 0x61) });

let nowMs: number;
let heard: string[];
beforeEach(() => {
  nowMs = 1000;
  heard = [];
});

function cacheOf(options: Partial<ResponseCacheOptions> = {}): ResponseCache {
  return createResponseCache({
    scope: 'key',
    ttlMs: 60_000,
    maxEntryBytes: 10_000,
    maxBytes: 50_000,
    redis: null,
    now: () => nowMs,
    onLookUp: (result) => heard.push(result),
    ...options,
  });
}

describe('in memory', () => {
  test('what was kept is found at once, byte for byte, until its time is over', () => {
    const cache = cacheOf();
    expect(cache.find('a', anyone)).toBeNull();
    cache.keep('a', answer);
    nowMs += 59_999;
    expect(cache.find('a', anyone)).toEqual(answer);
    nowMs += 1;
    expect(cache.find('a', anyone)).toBeNull();
    expect(heard).toEqual(['miss', 'hit', 'miss']);
  });

  test('the size stays below its bound, and what was asked for last stays', () => {
    const sizes: number[] = [];
    const cache = cacheOf({ onSize: (bytes) => sizes.push(bytes) });
    for (const key of ['a', 'b', 'c', 'd']) cache.keep(key, ofBytes(10_000));
    expect(cache.find('a', anyone)).not.toBeNull();
    cache.keep('e', ofBytes(10_000));
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => cache.find(key, anyone) !== null)).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
    for (let index = 0; index < 500; index++) cache.keep(`f${index}`, ofBytes(index));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50_000);
    expect(sizes.at(-1)).toBeGreaterThan(40_000);
  });

  test('keeping the same one again does not count it twice', () => {
    const sizes: number[] = [];
    const cache = cacheOf({ onSize: (bytes) => sizes.push(bytes) });
    for (let times = 0; times < 3; times++) cache.keep('a', ofBytes(100));
    expect(new Set(sizes).size).toBe(1);
  });

  test('an answer that is too long is not kept', () => {
    const cache = cacheOf();
    cache.keep('a', ofBytes(10_001));
    expect(cache.find('a', anyone)).toBeNull();
  });

  test('what is found and not accepted is a miss, and stays for others', () => {
    const cache = cacheOf();
    cache.keep('a', answer);
    expect(cache.find('a', ({ provider }) => provider === 'mistral')).toBeNull();
    expect(cache.find('a', ({ provider, model }) => provider === 'groq' && model === 'llama')).toEqual(
      answer,
    );
    expect(heard).toEqual(['miss', 'hit']);
  });

  test('what is over is no longer counted in the size', () => {
    const sizes: number[] = [];
    const cache = cacheOf({ onSize: (bytes) => sizes.push(bytes) });
    cache.keep('a', answer);
    nowMs += 60_000;
    cache.find('a', anyone);
    expect(sizes.at(-1)).toBe(0);
  });

  test('what the caller does with its buffer afterwards changes nothing', () => {
    const cache = cacheOf();
    const body = Buffer.from('whole');
    cache.keep('a', { ...answer, body });
    body.fill(0);
    expect(cache.find('a', anyone)).toMatchObject({ body: Buffer.from('whole') });
  });
});

describe('in Redis', () => {
  test('a look-up that takes long is not waited for, and counts for nothing', async () => {
    const slow = { ask: () => new Promise<never>(() => {}) } as unknown as RedisLink;
    expect(await cacheOf({ redis: slow }).find('a', anyone)).toBeNull();
    expect(heard).toEqual([]);
  });

  test('replicas share answers, what is no answer is none, and a Redis that hangs has nothing', async () => {
    await using redis = await startRedis();
    const link = createRedisLink({ url: redis.url });
    try {
      await vi.waitFor(() => expect(link.isAvailable()).toBe(true), { timeout: 15_000 });
      const [one, other] = [cacheOf({ redis: link }), cacheOf({ redis: link })];
      expect(await one.find('a', anyone)).toBeNull();
      one.keep('a', answer);
      one.keep('long', ofBytes(10_001));
      expect(await other.find('a', anyone)).toEqual(answer);
      expect(await other.find('long', anyone)).toBeNull();
      const leftMs = await link.ask('test', (client) => client.pttl('gatewayz:response:a'));
      expect(leftMs.ok && leftMs.value).toSatisfy((ms: number) => ms > 30_000 && ms <= 60_000);
      for (const value of ['', 'no line', '[]\n{}', '{"version":2,"provider":"","model":""}\n{}']) {
        await link.ask('test', (client) => client.set('gatewayz:response:odd', value));
        expect(await one.find('odd', anyone)).toBeNull();
      }
      expect(heard).toEqual(['miss', 'hit', 'miss', 'miss', 'miss', 'miss', 'miss']);
      redis.pause();
      expect(await one.find('a', anyone)).toBeNull();
      // A look-up that fails is neither.
      expect(heard).toHaveLength(7);
    } finally {
      await link.close();
    }
  });
});
