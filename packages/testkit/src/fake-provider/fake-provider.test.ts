import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectChat } from '../sse/collect-chat.ts';
import { readSse } from '../sse/read-sse.ts';
import { rawRequest } from '../wire/raw-request.ts';
import { expectedAnswer, expectedUsage } from './expected-answer.ts';
import type { FakeProvider } from './fake-provider.ts';
import { startFakeProvider } from './fake-provider.ts';
import { answers, drops, dropsReused, failsWith, mixes, repliesHtml } from './scripts.ts';

type Json = Record<string, unknown>;

let provider: FakeProvider;
let agent: Agent;

beforeEach(async () => {
  agent = new Agent({ connections: 1 });
  provider = await startFakeProvider({
    models: { broken: failsWith(503), learning: [failsWith(500), failsWith(429), answers()] },
  });
});

afterEach(async () => {
  await agent.destroy();
  await provider.close();
});

function chatBody(model = 'm', more: Json = {}): Json {
  return { model, messages: [{ role: 'user', content: 'hello there' }], ...more };
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await request(`${provider.url}${path}`, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.body.text();
  return { status: response.statusCode, headers: response.headers, text };
}

async function postJson(path: string, body: unknown): Promise<{ status: number; json: Json }> {
  const { status, text } = await post(path, body);
  return { status, json: JSON.parse(text) as Json };
}

test('a chat completion is answered in its shape, with the text and usage that a checker can compute', async () => {
  const body = chatBody();
  const { status, json } = await postJson('/chat/completions', body);
  expect(status).toBe(200);
  expect(json).toMatchObject({
    object: 'chat.completion',
    model: 'm',
    choices: [
      { index: 0, message: { role: 'assistant', content: expectedAnswer(body) }, finish_reason: 'stop' },
    ],
    usage: expectedUsage(body),
  });
});

test('completions and embeddings are answered in theirs', async () => {
  const completion = await postJson('/completions', { model: 'm', prompt: 'hello' });
  expect(completion.json).toMatchObject({
    object: 'text_completion',
    choices: [{ text: expectedAnswer({ prompt: 'hello' }) }],
  });
  const { json } = await postJson('/embeddings', { model: 'm', input: ['a b', 'c'], dimensions: 3 });
  expect(json).toMatchObject({ object: 'list', usage: { prompt_tokens: 3, total_tokens: 3 } });
  const data = json.data as { embedding: number[] }[];
  expect(data.map(({ embedding }) => embedding.length)).toEqual([3, 3]);
});

test('max_tokens ends the answer with finish reason length', async () => {
  const { json } = await postJson('/chat/completions', chatBody('m', { max_tokens: 2 }));
  expect(json).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 2 } });
});

test('a model keeps its script, and successive attempts walk through a list whose last entry repeats', async () => {
  const statuses: number[] = [];
  for (const model of ['broken', 'learning', 'learning', 'learning', 'learning', 'm']) {
    statuses.push((await post('/chat/completions', chatBody(model))).status);
  }
  expect(statuses).toEqual([503, 500, 429, 200, 200, 200]);
  provider.setScript('learning', failsWith(418));
  expect((await post('/chat/completions', chatBody('learning'))).status).toBe(418);
});

test('the script header, the default and a function choose too', async () => {
  expect((await post('/chat/completions', chatBody(), { 'x-fake-script': 'broken' })).status).toBe(503);
  provider.setDefault((asked, attempt) => (asked.json.user === 'x' ? failsWith(400 + attempt) : undefined));
  expect((await post('/chat/completions', chatBody())).status).toBe(200);
  expect((await post('/chat/completions', chatBody('m', { user: 'x' }))).status).toBe(402);
  provider.setDefault(mixes([[1, failsWith(502)]]));
  expect((await post('/chat/completions', chatBody())).status).toBe(502);
});

test('failures carry an OpenAI body and the Retry-After they are given, as given', async () => {
  provider.setDefault(failsWith(429, { retryAfter: 'soon', retryAfterMs: -5, code: 'slow_down' }));
  const { status, headers, text } = await post('/chat/completions', chatBody());
  expect([status, headers['retry-after'], headers['retry-after-ms']]).toEqual([429, 'soon', '-5']);
  expect(JSON.parse(text)).toMatchObject({ error: { type: 'rate_limit_error', code: 'slow_down' } });
});

const refused: readonly (readonly [title: string, status: number, path: string, body: unknown])[] = [
  ['an unknown path', 404, '/nowhere', chatBody()],
  ['a body that is not JSON', 400, '/chat/completions', '{'],
  ['a list for a body', 400, '/chat/completions', []],
  ['a model that is not a string', 400, '/chat/completions', chatBody('m', { model: ['m'] })],
  ['no messages', 400, '/chat/completions', { model: 'm' }],
  ['an unknown role', 400, '/chat/completions', { model: 'm', messages: [{ role: 'me', content: 'a' }] }],
  ['a message without content', 400, '/chat/completions', { model: 'm', messages: [{ role: 'user' }] }],
  ['stream_options without stream', 400, '/chat/completions', chatBody('m', { stream_options: {} })],
  ['stream that is not a boolean', 400, '/chat/completions', chatBody('m', { stream: 'yes' })],
  ['a prompt that is a number', 400, '/completions', { model: 'm', prompt: 7 }],
  ['embeddings without input', 400, '/embeddings', { model: 'm' }],
];

for (const [title, status, path, body] of refused) {
  test(`${title} is refused with ${status}`, async () => {
    const answer = await postJson(path, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(provider.log.at(-1)).toMatchObject({ script: 'refused', status, end: 'complete' });
  });
}

test('a wrong or missing key and a wrong content type are refused', async () => {
  const guarded = await startFakeProvider({ expectedKeys: ['sk-right'] });
  const ask = async (headers: Record<string, string>): Promise<number> => {
    const answer = await request(`${guarded.url}/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify(chatBody()),
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  const json = { 'content-type': 'application/json' };
  expect(await ask({ ...json, authorization: 'Bearer sk-right' })).toBe(200);
  expect(await ask({ ...json, authorization: 'Bearer sk-wrong' })).toBe(401);
  expect(await ask(json)).toBe(401);
  expect(await ask({ 'content-type': 'text/plain', authorization: 'Bearer sk-right' })).toBe(415);
  await guarded.close();
});

test('the models list is served, changed, and made to fail', async () => {
  const list = async () => {
    const { statusCode, body } = await request(`${provider.url}/models`, { dispatcher: agent });
    return { statusCode, json: (await body.text()) as string };
  };
  const ids = async () =>
    (JSON.parse((await list()).json) as { data: { id: string }[] }).data.map(({ id }) => id);
  expect(await ids()).toEqual(['broken', 'learning']);
  provider.setModelList(['one']);
  expect(await ids()).toEqual(['one']);
  provider.setModelsScript(failsWith(500));
  expect((await list()).statusCode).toBe(500);
  provider.setModelsScript(repliesHtml());
  expect((await list()).json).toContain('<!doctype html>');
  expect(provider.attempts()).toEqual([]);
  expect(provider.log).toHaveLength(4);
});

test('stopped, it refuses connections; started again, it is back on the same port', async () => {
  const { url } = provider;
  await provider.stop();
  await expect(post('/chat/completions', chatBody())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await provider.start();
  expect(provider.url).toBe(url);
  expect((await post('/chat/completions', chatBody())).status).toBe(200);
});

test('a dropped connection gives no byte, and may be one that is reused', async () => {
  provider.setDefault(drops('reset'));
  await expect(post('/chat/completions', chatBody())).rejects.toMatchObject({ code: 'ECONNRESET' });
  provider.setDefault(dropsReused());
  expect((await post('/chat/completions', chatBody())).status).toBe(200);
  await expect(post('/chat/completions', chatBody())).rejects.toThrow();
  const ends = provider.attempts().map(({ end, connection }) => [connection, end]);
  expect(ends).toEqual([
    [1, 'fault:drop'],
    [2, 'complete'],
    [2, 'fault:drop'],
  ]);
});

test('pipelined requests are answered in order, and bytes that are no request are answered 400 and counted', async () => {
  const one = (model: string): string => {
    const body = JSON.stringify(chatBody(model));
    return `POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const answer = await rawRequest(provider.port, `${one('m')}${one('broken')}nonsense\r\n\r\n`);
  expect(answer.statuses).toEqual([200, 503, 400]);
  expect(answer.closedBy).toBe('server');
  expect(provider.stats()).toMatchObject({ requests: 2, malformed: 1 });
});

test('two providers give the same streamed answer to the same request', async () => {
  const other = await startFakeProvider();
  const texts: string[] = [];
  for (const { url } of [provider, other]) {
    const { body } = await request(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chatBody('m', { stream: true })),
    });
    texts.push(collectChat(await readSse(body).all()).text);
  }
  expect(texts[0]).toBe(texts[1]);
  expect(texts[0]).toBe(expectedAnswer(chatBody()));
  await other.close();
});
