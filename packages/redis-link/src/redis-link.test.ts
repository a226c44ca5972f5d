import type { RunningRedis } from '@gatewayz/testkit';
import { freePort, startRedis } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RedisEvent, RedisLink, RedisLinkOptions } from './redis-link.ts';
import { createRedisLink } from './redis-link.ts';

let redis: RunningRedis;
let events: RedisEvent[];
const links: RedisLink[] = [];

beforeEach(async () => {
  redis = await startRedis();
  events = [];
});

afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
  await redis.stop();
});

function createLink(options: Partial<RedisLinkOptions> = {}): RedisLink {
  const link = createRedisLink({ url: redis.url, onOperation: (event) => events.push(event), ...options });
  links.push(link);
  return link;
}

const isUp = (link: RedisLink): Promise<void> =>
  vi.waitFor(() => expect(link.isAvailable()).toBe(true), { timeout: 15_000 });

const ping = (link: RedisLink): ReturnType<RedisLink['ask']> => link.ask('ping', (client) => client.ping());

test('a Redis that is not there fails at once, without an exception', async () => {
  const link = createLink({ url: `redis://127.0.0.1:${await freePort()}` });
  expect(await ping(link)).toEqual({ ok: false, status: 'error' });
  expect(link.isAvailable()).toBe(false);
  expect(events).toMatchObject([{ operation: 'ping', status: 'error' }]);
});

test('a Redis that hangs is left alone for a while, and used again when it answers', async () => {
  let nowMs = 0;
  const link = createLink({ now: () => nowMs, holdOffMs: 1000 });
  await isUp(link);
  redis.pause();
  expect(await ping(link)).toEqual({ ok: false, status: 'timeout' });
  expect(link.isAvailable()).toBe(false);
  redis.resume();
  nowMs = 999;
  expect(await ping(link)).toEqual({ ok: false, status: 'error' });
  nowMs = 1000;
  expect(await ping(link)).toEqual({ ok: true, value: 'PONG' });
  expect(link.isAvailable()).toBe(true);
  expect(events.map(({ status }) => status)).toEqual(['timeout', 'error', 'success']);
});

test('after a hold-off one asks whether it answers again, and nobody else waits with it', async () => {
  const link = createLink({ holdOffMs: 0 });
  await isUp(link);
  redis.pause();
  expect(await ping(link)).toEqual({ ok: false, status: 'timeout' });
  const answers = await Promise.all([ping(link), ping(link), ping(link)]);
  expect(answers.map((answer) => !answer.ok && answer.status)).toEqual(['timeout', 'error', 'error']);
  redis.resume();
  await vi.waitFor(async () => expect(await ping(link)).toEqual({ ok: true, value: 'PONG' }));
  const after = await Promise.all([ping(link), ping(link)]);
  expect(after.map(({ ok }) => ok)).toEqual([true, true]);
});

test('several commands in a row have no more time than one', async () => {
  const link = createLink({ holdOffMs: 0 });
  await isUp(link);
  let turns = 0;
  const answer = await link.ask('turns', async (client) => {
    for (; turns < 10; turns++) await client.blpop('gatewayz:empty', 0.1);
    return 'all';
  });
  expect(answer).toEqual({ ok: false, status: 'timeout' });
  expect(turns).toBeLessThan(3);
});

test('a connection that stays silent is given up for a new one', async () => {
  const link = createLink({ holdOffMs: 0 });
  await isUp(link);
  const clientId = await link.ask('id', (client) => client.client('ID'));
  redis.pause();
  for (let tries = 0; tries < 3; tries++) expect(await ping(link)).toEqual({ ok: false, status: 'timeout' });
  expect(link.isAvailable()).toBe(false);
  redis.resume();
  await isUp(link);
  expect(await link.ask('id', (client) => client.client('ID'))).not.toEqual(clientId);
});

test('what was under way when the connection broke is not done later', async () => {
  const link = createLink({ commandTimeoutMs: 1500, holdOffMs: 0 });
  await isUp(link);
  redis.pause();
  const lost = link.ask('set', (client) => client.set('gatewayz:late', '1'));
  redis.process.kill('SIGKILL');
  await redis.stop();
  redis = await startRedis({ port: redis.port });
  await isUp(link);
  expect(await lost).toMatchObject({ ok: false });
  expect(await link.ask('get', (client) => client.get('gatewayz:late'))).toEqual({ ok: true, value: null });
});

test('what is under way when the connection breaks is given up at once, not when its time is over', async () => {
  const [link, other] = [createLink({ commandTimeoutMs: 5000 }), createLink()];
  await Promise.all([isUp(link), isUp(other)]);
  const lost = link.ask('wait', (client) => client.blpop('gatewayz:empty', 0));
  await other.ask('kill', (client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
  expect(await lost).toEqual({ ok: false, status: 'error' });
});

test('a Redis that is killed and comes back is found again', async () => {
  const link = createLink();
  await isUp(link);
  redis.process.kill('SIGKILL');
  await redis.process.exit;
  await vi.waitFor(() => expect(link.isAvailable()).toBe(false));
  expect(await ping(link)).toEqual({ ok: false, status: 'error' });
  await redis.stop();
  redis = await startRedis({ port: redis.port });
  await isUp(link);
  expect(await ping(link)).toEqual({ ok: true, value: 'PONG' });
});

test('a Redis that refuses to write is not available until it takes the same again', async () => {
  const link = createLink();
  await isUp(link);
  const config = (name: string, value: string): ReturnType<RedisLink['ask']> =>
    link.ask('config', (client) => client.config('SET', name, value));
  const set = (): ReturnType<RedisLink['ask']> => link.ask('set', (client) => client.set('gatewayz:x', '1'));
  await config('maxmemory', '1');
  expect(await set()).toEqual({ ok: false, status: 'error' });
  expect(await ping(link)).toEqual({ ok: true, value: 'PONG' });
  expect(link.isAvailable()).toBe(false);
  await config('maxmemory', '0');
  expect(await set()).toEqual({ ok: true, value: 'OK' });
  expect(link.isAvailable()).toBe(true);
});

test('a listener that throws does no harm', async () => {
  const link = createLink({
    onOperation: () => {
      throw new Error('a listener at fault');
    },
  });
  await isUp(link);
  expect(await ping(link)).toEqual({ ok: true, value: 'PONG' });
});

test('what went wrong last is told in one word, never in that of whoever asked', async () => {
  const away = createLink({ url: `redis://:canary@127.0.0.1:${await freePort()}` });
  await vi.waitFor(() => expect(away.trouble()).toBe('ECONNREFUSED'), { timeout: 5000 });
  const link = createLink();
  expect(link.trouble()).toBeNull();
  await isUp(link);
  await link.ask('set', (client) => client.set('key', 'canary'));
  await link.ask('list', (client) => client.lpush('key', 'canary'));
  expect(link.trouble()).toBe('WRONGTYPE');
});
