import { expect, test, vi } from 'vitest';
import type { Arrival } from '../inference/exchange.ts';
import { createResponseCache, type ResponseCache } from '../response-cache/response-cache.ts';
import type { ShortRequest } from '../telemetry/short-request.ts';
import { answerFromCache } from './answer-from-cache.ts';

const ANN = { keyId: 'laptop', userId: 'ann' };
const CHAT = { stream: false, parsed: { model: 'chat' } };
const TARGET = { provider: { name: 'groq' }, model: 'llama' };

/** A request as far as the cache looks at it. */
function arrive(more: object = {}) {
  const response = { destroyed: false, socket: null, writeHead: vi.fn(), end: vi.fn() };
  const lease = { headers: ['x-ratelimit-limit-requests', '6'], end: vi.fn() };
  const route = { label: 'chat', targets: [TARGET] };
  const times = { receivedAt: 0, authenticatedAt: 0, bodyReadAt: 0, parsedAt: 0 };
  const parts = {
    id: 'req-1',
    trace: null,
    times,
    caller: ANN,
    endpoint: { route: '/v1/chat/completions' },
    request: CHAT,
  };
  const arrival = { ...parts, route, response, lease, ...more } as unknown as Arrival;
  const ended: ShortRequest[] = [];
  return { arrival, response, lease, ended, askProviders: vi.fn<(keyed: Arrival) => void>() };
}

function createCache(): ResponseCache {
  return createResponseCache({
    scope: 'key',
    ttlMs: 1000,
    maxEntryBytes: 1000,
    maxBytes: 10_000,
    redis: null,
    now: () => 0,
  });
}

async function ask(cache: ResponseCache, parts: ReturnType<typeof arrive>): Promise<void> {
  const signals = { shortRequestEnded: (request: ShortRequest) => parts.ended.push(request) };
  const rules = { writeTimeoutMs: 1000, tracing: null, signals };
  await answerFromCache(cache, parts.arrival, rules, parts.askProviders);
}

test('what is not there is asked for with the name to keep it under, and then given again', async () => {
  const cache = createCache();
  const first = arrive();
  await ask(cache, first);
  const keyed = first.askProviders.mock.calls[0]?.[0];
  expect(keyed?.cacheKey).toMatch(/^[\w-]{43}$/);
  expect(first.lease.end).not.toHaveBeenCalled();
  const body = Buffer.from('{}');
  cache.keep(keyed?.cacheKey ?? '', { provider: 'groq', model: 'llama', body });

  const second = arrive();
  await ask(cache, second);
  expect(second.askProviders).not.toHaveBeenCalled();
  expect(second.response.end.mock.calls).toEqual([[body]]);
  expect(second.lease.end.mock.calls).toEqual([[0]]);
  expect(second.response.writeHead.mock.calls[0]).toEqual([
    200,
    expect.arrayContaining(['x-gatewayz-cache', 'hit', 'x-ratelimit-limit-requests', '6']),
  ]);
  expect(first.ended).toEqual([]);
  const end = { kind: 'from_cache', model: 'chat', provider: 'groq' };
  // What is in memory was not waited for.
  expect(second.ended).toMatchObject([{ id: 'req-1', route: '/v1/chat/completions', waits: [], end }]);
});

test.each([
  { provider: 'mistral', model: 'llama' },
  { provider: 'groq', model: 'llama-of-last-week' },
])('an answer of $provider/$model, which the route does not lead to, is not given', async (target) => {
  const cache = createCache();
  const first = arrive();
  await ask(cache, first);
  cache.keep(first.askProviders.mock.calls[0]?.[0].cacheKey ?? '', { ...target, body: Buffer.from('{}') });
  const second = arrive();
  await ask(cache, second);
  expect(second.askProviders).toHaveBeenCalledOnce();
});

test('for a client that left while the cache was being asked nobody is called, and its place is free', async () => {
  const found = Promise.withResolvers<null>();
  const parts = arrive();
  const asked = ask({ ...createCache(), find: () => found.promise }, parts);
  parts.response.destroyed = true;
  found.resolve(null);
  await asked;
  expect(parts.askProviders).not.toHaveBeenCalled();
  expect(parts.lease.end.mock.calls).toEqual([[0]]);
  expect(parts.ended).toMatchObject([
    { end: { kind: 'left', model: 'chat' }, waits: [{ operation: 'cache_get' }] },
  ]);
});
