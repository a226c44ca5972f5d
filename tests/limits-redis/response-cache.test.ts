import { answers, failsWith, type RunningGateway } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Answer, ask, chatBody } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import { ADMIN_TOKEN, admin, chat, createKey, headerOf, PATIENT } from './redis-stage.ts';

const [KEY, OTHER_KEY] = ['key-a', 'key-b'];
/** Every answer is another one. */
let made = 0;
const COUNTING = () => answers({ text: `answer ${++made}` });

let stage: Stage<'primary' | 'spare'>;

beforeAll(async () => {
  stage = await startCachingStage({ enabled: true });
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.providers.primary.clear();
  stage.providers.spare.clear();
});

function startCachingStage(
  responseCache: Readonly<Record<string, unknown>>,
  rateLimits: Readonly<Record<string, unknown>> = {},
): Promise<Stage<'primary' | 'spare'>> {
  const prices = { large: { inputUsdPerMillion: 1000, outputUsdPerMillion: 1000 } };
  return startStage({
    providers: {
      primary: { byDefault: COUNTING, models: { failing: failsWith(500), refused: failsWith(400) } },
      spare: { byDefault: COUNTING, models: { failing: failsWith(500), refused: failsWith(400) } },
    },
    models: ['large', 'failing', 'refused'],
    sections: { primary: { prices }, spare: { prices } },
    config: { auth: { mode: 'keys', keys: [KEY, OTHER_KEY] }, responseCache, rateLimits },
    gateway: { env: { ADMIN_TOKEN } },
  });
}

async function lookUps(gateway: RunningGateway): Promise<readonly (number | undefined)[]> {
  const metrics = await settledMetrics(gateway);
  const labels = { cache_name: 'responses' };
  return [metrics.value('cache_hits_total', labels), metrics.value('cache_misses_total', labels)];
}

const isHit = ({ headers }: Answer): boolean => headers.get('x-gatewayz-cache') === 'hit';
const say = (content: string): Readonly<Record<string, unknown>> =>
  chatBody(content) as Record<string, unknown>;

test('it is off unless the configuration wants it', async () => {
  await using without = await startCachingStage({});
  const twice = [await chat(without.gateway, KEY), await chat(without.gateway, KEY)];
  expect(twice.map(isHit)).toEqual([false, false]);
  expect(without.providers.primary.attempts()).toHaveLength(2);
  expect(await lookUps(without.gateway)).toEqual([0, 0]);
});

test('the same request gets the same bytes again, without an attempt, and is counted as found', async () => {
  const [hits = 0, misses = 0] = await lookUps(stage.gateway);
  const first = await chat(stage.gateway, KEY, say('same'));
  const second = await chat(stage.gateway, KEY, say('same'));
  expect([isHit(first), isHit(second)]).toEqual([false, true]);
  expect(second.text).toBe(first.text);
  expect([second.status, second.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(headerOf(second, 'x-gatewayz-attempts')).toBe('0');
  expect(headerOf(second, 'x-gatewayz-provider')).toBe('primary');
  expect(headerOf(second, 'x-gatewayz-model')).toBe('large');
  expect(headerOf(second, 'x-request-id')).not.toBe(headerOf(first, 'x-request-id'));
  expect(stage.providers.primary.attempts()).toHaveLength(1);
  expect(await lookUps(stage.gateway)).toEqual([hits + 1, misses + 1]);
  const metrics = await stage.gateway.metrics();
  expect(metrics.value('cache_size_bytes', { cache_name: 'responses' })).toBeGreaterThan(first.text.length);
});

test('a body that is written differently is the same request, one that says something else is not', async () => {
  const headers = { authorization: `Bearer ${KEY}` };
  const askFor = (body: string) => ask(stage.gateway, { headers, body });
  const first = await askFor(
    '{"model":"large","temperature":0.5,"messages":[{"role":"user","content":"caf\u00e9"}]}',
  );
  const again = await askFor(
    '{ "messages": [{"content":"caf\\u00e9", "role":"user"}], "stream": false, "temperature":5e-1, "model":"large" }',
  );
  const other = await askFor(
    '{"model":"large","temperature":0.6,"messages":[{"role":"user","content":"caf\u00e9"}]}',
  );
  expect([first, again, other].map(isHit)).toEqual([false, true, false]);
});

test('a hit costs nothing, and is in no bill', async () => {
  const { token } = await createKey(stage.gateway, 'ann');
  const usage = async (): Promise<unknown> =>
    (await ask(stage.gateway, { path: '/v1/usage', headers: { authorization: `Bearer ${token}` } })).json;
  await chat(stage.gateway, token, say('bill'));
  const before = await usage();
  expect(isHit(await chat(stage.gateway, token, say('bill')))).toBe(true);
  expect(await usage()).toEqual(before);
  const { balance } = before as { balance: { balance_micro: number } };
  expect(balance.balance_micro).toBeLessThan(100_000_000);
});

test('a key finds its own answers alone, whoever is behind it', async () => {
  const keys = [KEY, OTHER_KEY];
  for (const user of ['bob', 'bob', 'carl']) keys.push((await createKey(stage.gateway, user)).token);
  for (const key of keys) expect(isHit(await chat(stage.gateway, key, say('mine')))).toBe(false);
  for (const key of keys) expect(isHit(await chat(stage.gateway, key, say('mine')))).toBe(true);
  expect(stage.providers.primary.attempts()).toHaveLength(5);
});

test('streams, refusals and failures are never kept', async () => {
  const streamed = { ...say('stream'), stream: true };
  for (const more of [streamed, streamed, { model: 'refused' }, { model: 'failing' }]) {
    const twice = [await chat(stage.gateway, KEY, more), await chat(stage.gateway, KEY, more)];
    expect(twice.map(isHit)).toEqual([false, false]);
  }
  expect(isHit(await chat(stage.gateway, KEY, say('stream')))).toBe(false);
});

test('embeddings are given again too, and a request at another endpoint is another one', async () => {
  const headers = { authorization: `Bearer ${KEY}` };
  const embed = () =>
    ask(stage.gateway, { path: '/v1/embeddings', headers, body: { model: 'large', input: 'x' } });
  expect([await embed(), await embed()].map(isHit)).toEqual([false, true]);
  const complete = () =>
    ask(stage.gateway, {
      path: '/v1/completions',
      headers,
      body: { model: 'large', prompt: 'x', input: 'x' },
    });
  expect([await complete(), await complete()].map(isHit)).toEqual([false, true]);
});

test('a key that is for some providers alone never gets another one’s answer', async () => {
  await using sharing = await startCachingStage({ enabled: true, scope: 'user' });
  const free = await createKey(sharing.gateway, 'dora');
  const bound = await createKey(sharing.gateway, 'dora', { providers: ['spare'] });
  expect(headerOf(await chat(sharing.gateway, free.token), 'x-gatewayz-provider')).toBe('primary');
  const answer = await chat(sharing.gateway, bound.token);
  expect([isHit(answer), headerOf(answer, 'x-gatewayz-provider')]).toEqual([false, 'spare']);
  expect(await lookUps(sharing.gateway)).toEqual([0, 2]);
  expect(isHit(await chat(sharing.gateway, bound.token))).toBe(true);
  const { id } = free;
  await admin(sharing.gateway, `/keys/${id}`, { models: ['refused'] }, 'PATCH');
  expect((await chat(sharing.gateway, free.token)).status).toBe(403);
});

test('an answer is given again until its time is over', async () => {
  await using brief = await startCachingStage({ enabled: true, ttlMs: 700 });
  const first = await chat(brief.gateway, KEY);
  await vi.waitFor(async () => expect((await chat(brief.gateway, KEY)).text).not.toBe(first.text), PATIENT);
  expect(brief.providers.primary.attempts()).toHaveLength(2);
});

test('a hit is a request of the minute, takes no tokens and gives its place back', async () => {
  const key = { requestsPerMinute: 4, tokensPerMinute: 1000, concurrency: 1 };
  await using limited = await startCachingStage({ enabled: true }, { key });
  const answered: Answer[] = [];
  for (let time = 0; time < 5; time++) answered.push(await chat(limited.gateway, KEY));
  expect(answered.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429]);
  const left = answered.slice(1).map((answer) => headerOf(answer, 'x-ratelimit-remaining-tokens'));
  expect(new Set(left).size).toBe(1);
  expect(headerOf(answered[3] as Answer, 'x-ratelimit-remaining-requests')).toBe('0');
});
