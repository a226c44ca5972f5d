import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectedAnswer, expectedUsage } from './expected-answer.ts';
import type { FakeProvider, FakeProviderOptions } from './fake-provider.ts';
import { startFakeProvider } from './fake-provider.ts';
import { failsWith } from './scripts.ts';

type Json = Record<string, unknown>;

let agent: Agent;
let provider: FakeProvider;

beforeEach(() => {
  agent = new Agent({ connections: 1 });
});

afterEach(async () => {
  await agent.destroy();
  await provider.close();
});

async function start(options: FakeProviderOptions = {}): Promise<void> {
  provider = await startFakeProvider({ models: { broken: failsWith(503) }, ...options });
}

function chatBody(model = 'm', more: Json = {}): Json {
  return { model, messages: [{ role: 'user', content: 'hello there' }], ...more };
}

async function ask(body: Json, headers: Record<string, string> = {}): Promise<void> {
  const answer = await request(`${provider.url}/chat/completions`, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  await answer.body.dump();
}

test('every attempt is logged with what came, what went and over which connection', async () => {
  const body = chatBody('m', { vendor_field: { kept: true } });
  await start();
  await ask(body, { 'x-note': 'n' });
  await ask(chatBody('broken'));
  const [first, second] = provider.attempts();
  expect(first).toMatchObject({
    number: 1,
    connection: 1,
    numberOnConnection: 1,
    endpoint: 'chat',
    model: 'm',
    stream: false,
    json: body,
    script: 'answer',
    status: 200,
    eventsSent: 1,
    textSent: expectedAnswer(body),
    usageSent: expectedUsage(body),
    end: 'complete',
    clientClosedAtMs: null,
  });
  expect(first?.body.toString()).toBe(JSON.stringify(body));
  expect(first?.headers['x-note']).toBe('n');
  expect(first?.endedAtMs).toBeGreaterThanOrEqual(first?.receivedAtMs ?? Number.NaN);
  expect(second).toMatchObject({ connection: 1, numberOnConnection: 2, script: 'error 503', status: 503 });
  expect(provider.attempts('broken')).toEqual([second]);
});

test('stats count every attempt whatever the depth of the log, and clear() starts them anew', async () => {
  await start({ keepLog: false });
  for (const model of ['m', 'm', 'broken']) await ask(chatBody(model));
  const usage = expectedUsage(chatBody());
  expect(provider.log).toEqual([]);
  expect(provider.stats()).toMatchObject({
    requests: 3,
    byEndpoint: { chat: 3 },
    byEnd: { complete: 3 },
    byStatus: { 200: 2, 503: 1 },
    byScript: { answer: 2, 'error 503': 1 },
    byModel: {
      m: {
        attempts: 2,
        complete: 2,
        promptTokens: 2 * usage.prompt_tokens,
        completionTokens: 2 * usage.completion_tokens,
      },
      broken: { attempts: 1, complete: 1, promptTokens: 0, completionTokens: 0 },
    },
    inFlight: 0,
    maxInFlight: 1,
    connections: 1,
  });
  provider.clear();
  expect(provider.stats()).toMatchObject({ requests: 0, byEnd: {}, byModel: {}, bytesSent: 0 });
});

test('a summary keeps who asked for what and how it ended, and none of the bytes', async () => {
  await start({ keepLog: 'summary' });
  await ask(chatBody());
  expect(provider.log[0]).toMatchObject({
    model: 'm',
    end: 'complete',
    usageSent: expectedUsage(chatBody()),
  });
  expect(provider.log[0]).toMatchObject({ headers: {}, json: {}, textSent: '', body: Buffer.alloc(0) });
});
