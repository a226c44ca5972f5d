import { answers } from '@gatewayz/testkit';
import OpenAI, { RateLimitError } from 'openai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Answer, ask } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import {
  admin,
  chat,
  createKey,
  headerOf,
  PATIENT,
  type RedisStage,
  startRedisStage,
} from './redis-stage.ts';

const KEYS = ['key-a', 'key-b', 'key-c', 'key-d', 'key-e', 'key-f', 'key-g', 'key-h', 'key-i'];
const LIMITS = { requestsPerMinute: 6, tokensPerMinute: 2000, concurrency: 3 };
const DURATION = /^(?:1m0s|\d{1,2}(?:\.\d{1,3})?s)$/;
const LONG = answers({ intervalMs: 20, text: 'word '.repeat(1000) });
const COSTLY = answers({ usage: { value: { prompt_tokens: 500, completion_tokens: 1500 } } });
const SLOW = answers({ delayBeforeHeadersMs: 500 });
const UNTOLD = answers({ usage: 'absent' });

type Refusal = 'requests per minute' | 'tokens per minute' | 'requests at once';

let stage: RedisStage;
/** What all clients of this file together have been refused, by the words for it. */
const refused = new Map<Refusal, number>();

beforeAll(async () => {
  stage = await startRedisStage({
    keys: KEYS,
    models: ['large', 'long', 'costly', 'untold', 'slow'],
    provider: { models: { long: LONG, costly: COSTLY, untold: UNTOLD, slow: SLOW } },
    config: { rateLimits: { key: LIMITS, user: { requestsPerMinute: 8 } } },
  });
});

afterAll(() => stage[Symbol.asyncDispose]());

function count(what: Refusal): void {
  refused.set(what, (refused.get(what) ?? 0) + 1);
}

/** Checks a refusal, and gives the seconds that the client is to wait. */
function expectRefusal(answer: Answer, what: Refusal): number {
  count(what);
  expect(answer).toMatchObject({
    status: 429,
    error: {
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message: `The limit of ${what} has been reached.`,
      request_id: headerOf(answer, 'x-request-id'),
    },
  });
  return Number(headerOf(answer, 'retry-after'));
}

const usageOf = ({ json }: Answer): number =>
  (json as { usage: { total_tokens: number } }).usage.total_tokens;

test('each answer says where its key stands, in OpenAI’s headers', async () => {
  const first = await chat(stage.gateway, 'key-a');
  expect(first.status).toBe(200);
  expect(headerOf(first, 'x-ratelimit-limit-requests')).toBe('6');
  expect(headerOf(first, 'x-ratelimit-remaining-requests')).toBe('5');
  expect(headerOf(first, 'x-ratelimit-reset-requests')).toMatch(DURATION);
  expect(headerOf(first, 'x-ratelimit-limit-tokens')).toBe('2000');
  expect(headerOf(first, 'x-ratelimit-remaining-tokens')).toBe('2000');
  expect(headerOf(first, 'x-ratelimit-reset-tokens')).toBe('0s');
  expect(first.headers.has('retry-after')).toBe(false);
  const second = await chat(stage.gateway, 'key-a');
  expect(headerOf(second, 'x-ratelimit-remaining-requests')).toBe('4');
  expect(headerOf(second, 'x-ratelimit-remaining-tokens')).toBe(String(2000 - usageOf(first)));
  expect(headerOf(second, 'x-ratelimit-reset-tokens')).toMatch(DURATION);
});

test('a stream has the same headers, and its tokens count', async () => {
  const stream = await chat(stage.gateway, 'key-b', { stream: true });
  expect(stream.headers.get('content-type')).toContain('text/event-stream');
  expect(headerOf(stream, 'x-ratelimit-remaining-requests')).toBe('5');
  const plain = await chat(stage.gateway, 'key-b');
  expect(headerOf(plain, 'x-ratelimit-remaining-tokens')).toBe(String(2000 - usageOf(plain)));
});

test('tokens that a provider does not tell of count as they are estimated', async () => {
  await chat(stage.gateway, 'key-c', { model: 'untold' });
  const next = await chat(stage.gateway, 'key-c');
  expect(Number(headerOf(next, 'x-ratelimit-remaining-tokens'))).toBeLessThan(2000);
});

test('of more requests at once than the minute allows the rest is refused, at every endpoint, and nobody is called', async () => {
  stage.provider.clear();
  for (let time = 0; time < 6; time++) expect((await chat(stage.gateway, 'key-d')).status).toBe(200);
  const headers = { authorization: 'Bearer key-d' };
  const embeddings = { path: '/v1/embeddings', headers, body: { model: 'large', input: 'x' } };
  for (const answer of [
    await chat(stage.gateway, 'key-d'),
    await chat(stage.gateway, 'key-d', { stream: true }),
    await ask(stage.gateway, embeddings),
  ]) {
    const seconds = expectRefusal(answer, 'requests per minute');
    expect(seconds).toSatisfy((value: number) => value >= 1 && value <= 60);
    expect(headerOf(answer, 'x-ratelimit-remaining-requests')).toBe('0');
  }
  expect(stage.provider.attempts()).toHaveLength(6);
  expect((await chat(stage.gateway, 'key-a')).status).toBe(200);
});

test('what is wrong with a request is said before its limits are asked, and counts for nothing', async () => {
  for (const more of [{ model: 'nobody-has-it' }, { model: 7 }, { messages: undefined, stream: 'perhaps' }])
    expect((await chat(stage.gateway, 'key-e', more)).status).toBeOneOf([400, 404]);
  expect(headerOf(await chat(stage.gateway, 'key-e'), 'x-ratelimit-remaining-requests')).toBe('5');
});

test('a key that has used up its tokens is refused until the minute is over', async () => {
  expect((await chat(stage.gateway, 'key-f', { model: 'costly' })).status).toBe(200);
  const answer = await chat(stage.gateway, 'key-f');
  const seconds = expectRefusal(answer, 'tokens per minute');
  expect(seconds).toSatisfy((value: number) => value >= 1 && value <= 60);
  expect(headerOf(answer, 'x-ratelimit-remaining-tokens')).toBe('0');
});

test('a key may have so many requests under way, and the next when one of them ends or its client leaves', async () => {
  const leavers = Array.from({ length: 3 }, () => new AbortController());
  const streams = await Promise.all(
    leavers.map(({ signal }) =>
      fetch(`${stage.gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer key-g', 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'long',
          stream: true,
          messages: [{ role: 'user', content: 'Hello' }],
        }),
        signal,
      }),
    ),
  );
  expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
  const answer = await chat(stage.gateway, 'key-g');
  expect(expectRefusal(answer, 'requests at once')).toBe(1);
  leavers[0]?.abort();
  await vi.waitFor(async () => {
    const next = await chat(stage.gateway, 'key-g');
    if (next.status === 429) expectRefusal(next, 'requests at once');
    expect(next.status).toBe(200);
  }, PATIENT);
  for (const leaver of leavers) leaver.abort();
});

test('OpenAI’s SDK sees a RateLimitError with its headers, and by itself waits as long as it is told', async () => {
  const openai = new OpenAI({ apiKey: 'key-h', baseURL: `${stage.gateway.url}/v1`, maxRetries: 0 });
  const request = { model: 'large', messages: [{ role: 'user' as const, content: 'Hello' }] };
  const { response } = await openai.chat.completions.create(request).withResponse();
  expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('5');
  const underWay = await Promise.all(
    [1, 2, 3].map(() => openai.chat.completions.create({ ...request, model: 'long', stream: true })),
  );
  const error: unknown = await openai.chat.completions.create(request).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' });
  expect((error as RateLimitError).headers?.get('retry-after')).toBe('1');
  count('requests at once');
  const patient = openai.chat.completions.create(request, { maxRetries: 1 });
  count('requests at once');
  await vi.waitFor(
    async () => expect(await limitedBy('concurrency')).toBe(refused.get('requests at once')),
    PATIENT,
  );
  for (const stream of underWay) stream.controller.abort();
  expect((await patient).choices).toHaveLength(1);
});

test('a key of the database has its own limits before those of the configuration, and a change counts at once', async () => {
  const { id, token } = await createKey(stage.gateway, 'ann', { requests_per_minute: 2, concurrency: 50 });
  const first = await chat(stage.gateway, token);
  expect(first.status).toBe(200);
  expect(headerOf(first, 'x-ratelimit-limit-requests')).toBe('2');
  expect(headerOf(first, 'x-ratelimit-limit-tokens')).toBe('2000');
  expect((await chat(stage.gateway, token)).status).toBe(200);
  expectRefusal(await chat(stage.gateway, token), 'requests per minute');
  await admin(stage.gateway, `/keys/${id}`, { requests_per_minute: 5 }, 'PATCH');
  const next = await chat(stage.gateway, token);
  expect([next.status, headerOf(next, 'x-ratelimit-remaining-requests')]).toEqual([200, '2']);
});

test('a key of the database that has used up its tokens, or has its requests under way, is refused', async () => {
  const costly = await createKey(stage.gateway, 'bob', { tokens_per_minute: 1000 });
  expect((await chat(stage.gateway, costly.token, { model: 'costly' })).status).toBe(200);
  expectRefusal(await chat(stage.gateway, costly.token), 'tokens per minute');
  const single = await createKey(stage.gateway, 'carl', { concurrency: 1 });
  const answered = await Promise.all([1, 2].map(() => chat(stage.gateway, single.token, { model: 'slow' })));
  const over = answered.filter(({ status }) => status !== 200);
  expect(over).toHaveLength(1);
  for (const answer of over) expectRefusal(answer, 'requests at once');
});

test('all keys of a user share the user’s minute', async () => {
  const keys = [await createKey(stage.gateway, 'dora'), await createKey(stage.gateway, 'dora')] as const;
  const answers = await oneByOne([0, 0, 0, 0, 1, 1, 1, 1], (index) =>
    chat(stage.gateway, keys[index]?.token ?? ''),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(headerOf(answers[7] as Answer, 'x-ratelimit-limit-requests')).toBe('8');
  expect(headerOf(answers[7] as Answer, 'x-ratelimit-remaining-requests')).toBe('0');
  for (const { token } of keys) expectRefusal(await chat(stage.gateway, token), 'requests per minute');
});

test('the metrics say exactly who was refused for what', async () => {
  const metrics = await settledMetrics(stage.gateway);
  const limited = Object.fromEntries(
    metrics.series('rate_limited_requests_total').map(({ labels, value }) => [labels.limit_type, value]),
  );
  expect(limited).toEqual({
    requests: refused.get('requests per minute'),
    tokens: refused.get('tokens per minute'),
    concurrency: refused.get('requests at once'),
  });
  const all = [...refused.values()].reduce((sum, count) => sum + count, 0);
  const byEndpoint = (endpoint: string) => metrics.value('rate_limit_rejections_total', { endpoint });
  expect([byEndpoint('/v1/embeddings'), byEndpoint('/v1/chat/completions')]).toEqual([1, all - 1]);
  expect(metrics.sum('fastapi_requests_total', { status_code: '429' })).toBe(all);
  const current = (limit_type: string) => metrics.value('current_rate_limit', { limit_type });
  expect(['requests', 'tokens', 'concurrency'].map(current)).toEqual([6, 2000, 3]);
  expect(metrics.sum('gatewayz_redis_operations_total', { operation: 'limit', status: 'success' })).toBe(
    metrics.sum('gatewayz_redis_operations_total', { operation: 'limit' }),
  );
});

async function limitedBy(limitType: string): Promise<number> {
  return (await stage.gateway.metrics()).sum('rate_limited_requests_total', { limit_type: limitType });
}

async function oneByOne<T, R>(list: readonly T[], act: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of list) results.push(await act(item));
  return results;
}
