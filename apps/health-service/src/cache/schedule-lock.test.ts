import { createRedisLink, type RedisLink } from '@gatewayz/redis-link';
import type { RunningRedis } from '@gatewayz/testkit';
import { startRedis } from '@gatewayz/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ScheduleLock } from './schedule-lock.ts';
import { createScheduleLock } from './schedule-lock.ts';

test('without Redis every lease is granted, and nothing is heard', async () => {
  const lock = createScheduleLock(null);
  const leases = await Promise.all([lock.tryLock('a', 1000), lock.tryLock('a', 1000)]);
  expect(leases).toMatchObject([{ scope: 'local' }, { scope: 'local' }]);
  expect(await leases[0]?.release()).toBe(true);
  expect(await lock.putVerdict('a', '{}', 1000)).toBe(false);
  expect(await lock.verdicts('7')).toEqual({ verdicts: new Map(), cursor: '7' });
});

describe('with Redis', () => {
  let redis: RunningRedis;
  let links: readonly RedisLink[];
  let one: ScheduleLock;
  let other: ScheduleLock;

  beforeEach(async () => {
    redis = await startRedis();
    links = [1, 2].map(() => createRedisLink({ url: redis.url, holdOffMs: 100 }));
    [one, other] = links.map((link) => createScheduleLock(link)) as [ScheduleLock, ScheduleLock];
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

  const ask = async (command: Parameters<RedisLink['ask']>[1]): Promise<unknown> => {
    const answer = await links[0]?.ask('test', command);
    if (!answer?.ok) throw new Error('Redis did not answer the test');
    return answer.value;
  };

  test('of 50 attempts at once by two replicas one gets the lease, until it gives it back', async () => {
    const attempts = Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? one : other).tryLock('probe', 60_000),
    );
    const leases = (await Promise.all(attempts)).filter((lease) => lease !== null);
    expect(leases).toMatchObject([{ scope: 'shared' }]);
    expect(await other.tryLock('another', 60_000)).not.toBeNull();
    expect(await leases[0]?.release()).toBe(true);
    expect(await leases[0]?.release()).toBe(false);
    expect(await other.tryLock('probe', 60_000)).not.toBeNull();
  });

  test('a lease ends by itself, and its holder cannot take away the next one', async () => {
    const first = await one.tryLock('probe', 20);
    const second = await vi.waitUntil(() => other.tryLock('probe', 60_000), { timeout: 5000 });
    expect(second?.scope).toBe('shared');
    expect(await first?.release()).toBe(false);
    expect(await one.tryLock('probe', 60_000)).toBeNull();
    expect(await second?.release()).toBe(true);
  });

  test('while Redis hangs or is gone leases are local, and afterwards shared again', async () => {
    redis.pause();
    const [hanging, heldOff] = [await one.tryLock('probe', 60_000), await one.tryLock('probe', 60_000)];
    expect([hanging?.scope, heldOff?.scope]).toEqual(['local', 'local']);
    redis.resume();
    await areUp();
    // Redis did what it was asked, too late; the lease of that attempt still gives it back.
    expect(await hanging?.release()).toBe(true);
    redis.process.kill('SIGKILL');
    await redis.process.exit;
    const gone = await one.tryLock('probe', 60_000);
    expect(gone?.scope).toBe('local');
    expect(await gone?.release()).toBe(false);
    await redis.stop();
    redis = await startRedis({ port: redis.port });
    await areUp();
    expect((await one.tryLock('probe', 60_000))?.scope).toBe('shared');
    expect(await other.tryLock('probe', 60_000)).toBeNull();
  });

  test('a replica reads what the others have put, and afterwards only what is new', async () => {
    await one.putVerdict('groq/llama', '{"state":"down"}', 60_000);
    await other.putVerdict('groq/', '{"n":1}', 60_000);
    const first = await other.verdicts();
    expect([...first.verdicts]).toEqual([
      ['groq/llama', '{"state":"down"}'],
      ['groq/', '{"n":1}'],
    ]);
    expect(await other.verdicts(first.cursor)).toEqual({ verdicts: new Map(), cursor: first.cursor });
    await one.putVerdict('groq/', '{"n": 2}', 60_000);
    const second = await other.verdicts(first.cursor);
    expect([...second.verdicts]).toEqual([['groq/', '{"n": 2}']]);
    expect(Number(second.cursor)).toBeGreaterThan(Number(first.cursor));
    expect([...(await one.verdicts()).verdicts.keys()]).toEqual(['groq/llama', 'groq/']);
  });

  test('2,500 verdicts are read page by page, each once', async () => {
    const names = Array.from({ length: 2500 }, (_, index) => `t${index}`);
    for (let start = 0; start < names.length; start += 100) {
      await Promise.all(names.slice(start, start + 100).map((name) => one.putVerdict(name, name, 60_000)));
    }
    const sizes: number[] = [];
    const seen: string[] = [];
    let page = await other.verdicts();
    while (page.verdicts.size > 0) {
      sizes.push(page.verdicts.size);
      seen.push(...page.verdicts.values());
      page = await other.verdicts(page.cursor);
    }
    expect(sizes).toEqual([1000, 1000, 500]);
    expect(seen).toEqual(names);
  });

  test('a verdict that has ended is not read, and is removed by the next one', async () => {
    await one.putVerdict('short', '{}', 1);
    await vi.waitUntil(async () => (await other.verdicts()).verdicts.size === 0, { timeout: 5000 });
    await one.putVerdict('long', '{}', 60_000);
    expect([...(await other.verdicts()).verdicts.keys()]).toEqual(['long']);
    expect(await ask((client) => client.hkeys('gatewayz:{verdicts}:by-target'))).toEqual(['long']);
    const keys = (await ask((client) => client.keys('*'))) as string[];
    expect(keys.filter((key) => !key.startsWith('gatewayz:'))).toEqual([]);
    for (const key of keys) expect(await ask((client) => client.pttl(key))).toBeGreaterThan(0);
  });

  test('a replica goes on reading from its place after Redis has lost everything', async () => {
    await one.putVerdict('a', '1', 60_000);
    const { cursor } = await other.verdicts();
    await ask((client) => client.flushall());
    expect(await one.putVerdict('b', '2', 60_000)).toBe(true);
    expect([...(await other.verdicts(cursor)).verdicts]).toEqual([['b', '2']]);
  });

  test('the order holds when the clock of Redis is set back', async () => {
    const afterNow = '4000000000000000';
    await ask((client) => client.zadd('gatewayz:{verdicts}:order', afterNow, 'a'));
    await one.putVerdict('b', '1', 60_000);
    await one.putVerdict('a', '2', 60_000);
    const page = await other.verdicts(afterNow);
    expect([...page.verdicts]).toEqual([
      ['b', '1'],
      ['a', '2'],
    ]);
    expect(page.cursor).toBe('4000000000000002');
  });

  test('while Redis hangs nothing is heard, and the place is kept', async () => {
    await one.putVerdict('a', '1', 60_000);
    redis.pause();
    expect(await one.putVerdict('a', '2', 60_000)).toBe(false);
    expect(await other.verdicts('7')).toEqual({ verdicts: new Map(), cursor: '7' });
    redis.resume();
    await areUp();
    expect((await other.verdicts('7')).verdicts.size).toBe(1);
  });
});
