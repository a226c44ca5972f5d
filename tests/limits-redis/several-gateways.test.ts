import { createHash } from 'node:crypto';
import { answers } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Answer } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { chat, headerOf, PATIENT, type RedisStage, startRedisStage } from './redis-stage.ts';

const COSTLY = answers({ usage: { value: { prompt_tokens: 500, completion_tokens: 1500 } } });
const SLOW = answers({ delayBeforeHeadersMs: 1500 });

let stage: RedisStage;

beforeAll(async () => {
  stage = await startRedisStage({
    gateways: 2,
    keys: ['key-a', 'key-b', 'key-c'],
    // A key is the same one wherever it stands in the list.
    otherKeys: ['key-c', 'key-of-the-other', 'key-b', 'key-a'],
    models: ['large', 'costly', 'slow'],
    provider: { models: { costly: COSTLY, slow: SLOW } },
    config: { rateLimits: { key: { requestsPerMinute: 12, tokensPerMinute: 2000, concurrency: 7 } } },
  });
});

afterAll(() => stage[Symbol.asyncDispose]());

/** So many requests at once at each gateway. */
async function askBoth(count: number, key: string, model: string): Promise<readonly Answer[]> {
  const all = stage.gateways.flatMap((gateway) =>
    Array.from({ length: count }, () => chat(gateway, key, { model })),
  );
  return Promise.all(all);
}

function countOf(answered: readonly Answer[], status: number): number {
  return answered.filter((answer) => answer.status === status).length;
}

async function limitedBy(limitType: string): Promise<number> {
  const metrics = await Promise.all(stage.gateways.map(settledMetrics));
  return metrics.reduce(
    (sum, scraped) => sum + scraped.sum('rate_limited_requests_total', { limit_type: limitType }),
    0,
  );
}

test('of requests at once at two gateways as many run as the key may have under way', async () => {
  stage.provider.clear();
  const answered = await askBoth(20, 'key-a', 'slow');
  expect([countOf(answered, 200), countOf(answered, 429)]).toEqual([7, 33]);
  expect(stage.provider.stats().maxInFlight).toBe(7);
  expect(stage.provider.attempts('slow')).toHaveLength(7);
  expect(await limitedBy('concurrency')).toBe(33);
});

test('two gateways let through together what the key may ask for in a minute', async () => {
  const answered: Answer[] = [];
  for (let round = 0; round < 10; round++) answered.push(...(await askBoth(1, 'key-b', 'large')));
  expect([countOf(answered, 200), countOf(answered, 429)]).toEqual([12, 8]);
  const remaining = answered.slice(0, 12).map((answer) => headerOf(answer, 'x-ratelimit-remaining-requests'));
  expect(new Set(remaining).size).toBe(12);
  expect(await limitedBy('requests')).toBe(8);
});

test('tokens that were used at one gateway are used up at the other', async () => {
  expect((await chat(stage.gateway, 'key-c', { model: 'costly' })).status).toBe(200);
  await vi.waitFor(async () => expect((await chat(stage.other, 'key-c')).status).toBe(429), PATIENT);
  expect(await limitedBy('tokens')).toBe(1);
});

test('Redis has no key in its names, and tells one from the other by fingerprint', async () => {
  await Promise.all(['key-a', 'key-of-the-other'].map((key) => chat(stage.other, key)));
  const names = await stage.command('KEYS', 'gatewayz:limit:requests:*');
  expect(names.split('\n').sort()).toEqual(
    ['key-a', 'key-b', 'key-c', 'key-of-the-other'].map(toName).sort(),
  );
});

function toName(key: string): string {
  const fingerprint = createHash('sha256').update(`gatewayz key ${key}`).digest('hex').slice(0, 12);
  return `gatewayz:limit:requests:key:configured:${fingerprint}`;
}
