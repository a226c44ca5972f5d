import { answers, cutsAt, failsWith, freePort, hangs } from '@gatewayz/testkit';
import OpenAI, {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { settledMetrics } from './settled-metrics.ts';
import { providerKey, type Stage, startStage } from './stage.ts';

const KEY = 'client-key-of-the-sdk';
const CONTEXT = 'The context holds 8192 tokens.';
const SLOW = answers({ intervalMs: 20, text: 'word '.repeat(1000) });

const MODELS = {
  slow: SLOW,
  silent: hangs(),
  refused: failsWith(400, { message: CONTEXT, code: 'context_too_long', param: 'messages' }),
  limited: failsWith(429, { retryAfter: 7 }),
  broken: failsWith(500, { message: `the key ${providerKey('primary')} is in the log` }),
  locked: failsWith(401),
  cut: cutsAt({ afterEvents: 5 }, { text: 'one two three four five six seven' }),
  failing: answers({ fault: { kind: 'error_event', at: { afterEvents: 3 }, done: true } }),
};

let stage: Stage<'primary'>;
let openai: OpenAI;

beforeAll(async () => {
  stage = await startStage({
    providers: { primary: { models: MODELS } },
    models: Object.keys(MODELS),
    config: { auth: { mode: 'keys', keys: [KEY] } },
  });
  openai = new OpenAI({ apiKey: KEY, baseURL: `${stage.gateway.url}/v1`, maxRetries: 0 });
});

afterAll(() => stage.close());

function request(model: string): { model: string; messages: [{ role: 'user'; content: string }] } {
  return { model, messages: [{ role: 'user', content: 'Hello' }] };
}

async function errorOf(asking: Promise<unknown>): Promise<APIError> {
  const error: unknown = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof APIError) return error;
  throw new Error(`no APIError came, but ${String(error)}`);
}

async function countOf(status: number): Promise<number> {
  return (await settledMetrics(stage.gateway)).sum('fastapi_requests_total', { status_code: String(status) });
}

test('a client that leaves in mid-stream is seen by the provider within a second, and counted as 499', async () => {
  const before = await countOf(499);
  const stream = await openai.chat.completions.create({ ...request('slow'), stream: true });
  let abortedAtMs = 0;
  for await (const chunk of stream) {
    if (!chunk.choices[0]?.delta.content) continue;
    abortedAtMs = performance.now();
    break;
  }
  const [attempt] = stage.providers.primary.attempts('slow');
  await vi.waitFor(() => expect(attempt?.clientClosedAtMs).not.toBeNull(), { timeout: 5000, interval: 5 });
  expect((attempt?.clientClosedAtMs ?? 0) - abortedAtMs).toBeLessThan(1000);
  expect(attempt?.end).toBe('client_closed');
  expect(await countOf(499)).toBe(before + 1);
});

test('a client that leaves before the first byte is seen by the provider, and counted as 499', async () => {
  const before = await countOf(499);
  const controller = new AbortController();
  const asking = openai.chat.completions.create(request('silent'), { signal: controller.signal });
  const failed = errorOf(asking);
  await vi.waitFor(() => expect(stage.providers.primary.attempts('silent')).toHaveLength(1));
  const [attempt] = stage.providers.primary.attempts('silent');
  controller.abort();
  await failed;
  await vi.waitFor(() => expect(attempt?.clientClosedAtMs).not.toBeNull(), { timeout: 1000, interval: 5 });
  expect(await countOf(499)).toBe(before + 1);
});

test("a request that the provider refuses is a BadRequestError with the provider's words", async () => {
  const error = await errorOf(openai.chat.completions.create(request('refused')));
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ code: 'context_too_long', param: 'messages', type: 'invalid_request_error' });
  expect(error.message).toContain(CONTEXT);
});

test('a request that the gateway refuses is a BadRequestError that names the field', async () => {
  const error = await errorOf(openai.chat.completions.create({ ...request('slow'), messages: [] }));
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error.param).toBe('messages');
  expect(error.requestID).toBe((error.error as { request_id?: string }).request_id);
});

test('a wrong key is an AuthenticationError', async () => {
  const stranger = openai.withOptions({ apiKey: `${KEY}-not` });
  const error = await errorOf(stranger.chat.completions.create(request('slow')));
  expect(error).toBeInstanceOf(AuthenticationError);
  expect(error.code).toBe('invalid_api_key');
  await expect(stranger.models.list()).rejects.toBeInstanceOf(AuthenticationError);
});

test('an unknown model is a NotFoundError', async () => {
  const error = await errorOf(openai.chat.completions.create(request('nobody-serves-this')));
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ code: 'model_not_found', param: 'model' });
});

test("a provider's rate limit is a RateLimitError with its Retry-After", async () => {
  const error = await errorOf(openai.chat.completions.create(request('limited')));
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error.headers?.get('retry-after')).toBe('7');
});

test("a provider's failure is an InternalServerError without the provider's key in it", async () => {
  const error = await errorOf(openai.chat.completions.create(request('broken')));
  expect(error).toBeInstanceOf(InternalServerError);
  expect(error.status).toBe(502);
  expect(error.message).toContain('[redacted]');
  expect(JSON.stringify(error.error)).not.toContain(providerKey('primary'));
});

test("credentials of the gateway's that fail are not taken for the client's", async () => {
  const error = await errorOf(openai.chat.completions.create(request('locked')));
  expect(error).toBeInstanceOf(InternalServerError);
  expect(error.code).toBe('provider_credentials');
});

test('nothing that listens is an APIConnectionError', async () => {
  const nobody = openai.withOptions({ baseURL: `http://127.0.0.1:${await freePort()}/v1` });
  expect(await errorOf(nobody.chat.completions.create(request('slow')))).toBeInstanceOf(APIConnectionError);
});

test.each([
  ['cut', 'one two three four'],
  ['failing', ''],
] as const)('a stream that is %s gives its text so far and then throws', async (model, start) => {
  const stream = await openai.chat.completions.create({ ...request(model), stream: true });
  let text = '';
  const error = await errorOf(
    (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    })(),
  );
  expect(text.length).toBeGreaterThan(0);
  expect(text.startsWith(start)).toBe(true);
  expect(error.type).toBe('api_error');
  expect(error).not.toBeInstanceOf(APIConnectionError);
});

test('the bytes of a stream that broke off end in an error event, and hold no [DONE]', async () => {
  for (const model of ['cut', 'failing']) {
    const response = await openai.chat.completions.create({ ...request(model), stream: true }).asResponse();
    const events = (await response.text()).trim().split('\n\n');
    expect(events.filter((event) => event.includes('[DONE]'))).toEqual([]);
    expect(JSON.parse(events.at(-1)?.slice('data: '.length) ?? '')).toMatchObject({
      error: { type: 'api_error', request_id: response.headers.get('x-request-id') },
    });
  }
});
