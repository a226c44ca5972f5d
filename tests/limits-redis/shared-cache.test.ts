import { answers } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Answer } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { chat, operationsOf, PATIENT, type RedisStage, startRedisStage } from './redis-stage.ts';

const [KEY, OTHER_KEY] = ['key-a', 'key-b'];
let made = 0;

let stage: RedisStage;

beforeAll(async () => {
  stage = await startRedisStage({
    gateways: 2,
    keys: [KEY, OTHER_KEY],
    otherKeys: [OTHER_KEY, KEY],
    provider: { byDefault: () => answers({ text: `answer ${++made}` }) },
    config: { responseCache: { enabled: true, ttlMs: 60_000 } },
  });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => stage.provider.clear());

const isHit = ({ headers }: Answer): boolean => headers.get('x-gatewayz-cache') === 'hit';
const say = (content: string) => ({ messages: [{ role: 'user', content }] });

/** Asks until the answer has come to Redis: it is kept beside the request, which does not wait. */
async function keepAnswer(content: string): Promise<Answer> {
  const kept = await operationsOf(stage.gateway, 'cache_put', 'success');
  const first = await chat(stage.gateway, KEY, say(content));
  await vi.waitFor(
    async () => expect(await operationsOf(stage.gateway, 'cache_put', 'success')).toBe(kept + 1),
    PATIENT,
  );
  return first;
}

async function lookUps(): Promise<readonly (number | undefined)[]> {
  const metrics = await settledMetrics(stage.other);
  const labels = { cache_name: 'responses' };
  return [metrics.value('cache_hits_total', labels), metrics.value('cache_misses_total', labels)];
}

test('what one gateway was answered the other gives again, byte for byte, and Redis forgets it in time', async () => {
  const [hits = 0, misses = 0] = await lookUps();
  const first = await keepAnswer('shared');
  const second = await chat(stage.other, KEY, say('shared'));
  expect([isHit(first), isHit(second)]).toEqual([false, true]);
  expect(second.text).toBe(first.text);
  expect(stage.provider.attempts()).toHaveLength(1);
  expect(await lookUps()).toEqual([hits + 1, misses]);
  const [name = '', ...more] = (await stage.command('KEYS', 'gatewayz:response:*')).split('\n');
  expect(more).toEqual([]);
  expect(Number(await stage.command('PTTL', name))).toSatisfy((ms: number) => ms > 0 && ms <= 60_000);
});

test('keys of the configuration are not mixed up where they stand in another order', async () => {
  await keepAnswer('order');
  expect(isHit(await chat(stage.other, OTHER_KEY, say('order')))).toBe(false);
  expect(isHit(await chat(stage.other, KEY, say('order')))).toBe(true);
});

test('no key and no question of a client can be read in the names that Redis has', async () => {
  await keepAnswer('a question');
  const names = await stage.command('KEYS', '*');
  expect(names).toContain('gatewayz:response:');
  for (const secret of [KEY, OTHER_KEY, 'question']) expect(names).not.toContain(secret);
});

test('while Redis hangs or is away, providers are asked, and a look-up that fails is neither found nor missed', async () => {
  await keepAnswer('away');
  const before = await lookUps();
  stage.redis.pause();
  const hanging = await chat(stage.other, KEY, say('away'));
  stage.redis.resume();
  await stage.killRedis();
  const away = await chat(stage.other, KEY, say('away'));
  expect([hanging, away].map(({ status }) => status)).toEqual([200, 200]);
  expect([hanging, away].map(isHit)).toEqual([false, false]);
  expect(await lookUps()).toEqual(before);
  await stage.startRedisAgain();
  await vi.waitFor(async () => expect(isHit(await chat(stage.other, KEY, say('away')))).toBe(true), PATIENT);
});
