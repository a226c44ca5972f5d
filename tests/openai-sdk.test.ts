import { answers } from '@gatewayz/testkit';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { settledMetrics } from './settled-metrics.ts';
import { type Stage, startStage } from './stage.ts';

const KEY = 'client-key-of-the-sdk';
const MESSAGES = [{ role: 'user', content: 'words=12 about the sea' }] as const;
const TOOL_CALL = { id: 'call_1', name: 'find_ships', arguments: '{"sea":"Baltic","within_km":120}' };

let stage: Stage<'primary'>;
let openai: OpenAI;

beforeAll(async () => {
  stage = await startStage({
    providers: { primary: { models: { caller: answers({ toolCalls: [TOOL_CALL] }) } } },
    models: ['large', 'caller', 'embed'],
    config: {
      auth: { mode: 'keys', keys: [KEY] },
      models: { alias: { targets: [{ provider: 'primary', model: 'large' }] } },
    },
  });
  openai = new OpenAI({ apiKey: KEY, baseURL: `${stage.gateway.url}/v1`, maxRetries: 0 });
});

afterAll(() => stage.close());

beforeEach(() => stage.providers.primary.clear());

async function tokens(): Promise<readonly number[]> {
  const metrics = await settledMetrics(stage.gateway);
  return ['input', 'output'].map((type) => metrics.sum('tokens_used_total', { token_type: type }));
}

test('a chat completion is answered, with its usage and the id of the request', async () => {
  const { data, response, request_id } = await openai.chat.completions
    .create({ model: 'large', messages: [...MESSAGES] })
    .withResponse();
  expect(data.choices[0]?.message.content).toBe(stage.providers.primary.attempts()[0]?.textSent);
  expect(data.choices[0]?.message.content?.split(' ')).toHaveLength(12);
  expect(data.usage).toEqual({ prompt_tokens: 4, completion_tokens: 12, total_tokens: 16 });
  expect(request_id).toMatch(/^[\w-]{8,}$/);
  expect(response.headers.get('x-gatewayz-provider')).toBe('primary');
});

test('a stream arrives piece by piece; its usage chunk, not asked for, is counted and kept back', async () => {
  const before = await tokens();
  const stream = await openai.chat.completions.create({
    model: 'large',
    messages: [...MESSAGES],
    stream: true,
  });
  const pieces: string[] = [];
  let choiceless = 0;
  for await (const chunk of stream) {
    if (chunk.choices.length === 0) choiceless += 1;
    pieces.push(chunk.choices[0]?.delta.content ?? '');
  }
  const [attempt] = stage.providers.primary.attempts();
  expect(pieces.join('')).toBe(attempt?.textSent);
  expect(pieces.filter((piece) => piece !== '')).toHaveLength(12);
  expect(choiceless).toBe(0);
  expect(attempt?.usageSent).toEqual({ prompt_tokens: 4, completion_tokens: 12, total_tokens: 16 });
  expect(await tokens()).toEqual([(before[0] ?? 0) + 4, (before[1] ?? 0) + 12]);
});

test('a usage chunk that the client asked for reaches it, and is counted once', async () => {
  const before = await tokens();
  const stream = await openai.chat.completions.create({
    model: 'large',
    messages: [...MESSAGES],
    stream: true,
    stream_options: { include_usage: true },
  });
  const usages: unknown[] = [];
  for await (const chunk of stream) if (chunk.choices.length === 0) usages.push(chunk.usage);
  expect(usages).toEqual([{ prompt_tokens: 4, completion_tokens: 12, total_tokens: 16 }]);
  expect(await tokens()).toEqual([(before[0] ?? 0) + 4, (before[1] ?? 0) + 12]);
});

test('tool calls come back whole, plain and from a stream', async () => {
  const request = {
    model: 'caller',
    messages: [...MESSAGES],
    tools: [{ type: 'function' as const, function: { name: 'find_ships', parameters: { type: 'object' } } }],
  };
  const called = { name: TOOL_CALL.name, arguments: TOOL_CALL.arguments };
  const plain = await openai.chat.completions.create(request);
  expect(plain.choices[0]?.message.tool_calls?.[0]).toMatchObject({ id: 'call_1', function: called });
  const streamed = await openai.chat.completions.stream(request).finalChatCompletion();
  expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({ id: 'call_1', function: called });
  expect(streamed.choices[0]?.finish_reason).toBe('tool_calls');
});

test('text completions are answered, plain and streamed', async () => {
  const request = { model: 'large', prompt: 'words=5 of rain' };
  const plain = await openai.completions.create(request);
  const pieces: string[] = [];
  for await (const chunk of await openai.completions.create({ ...request, stream: true }))
    pieces.push(chunk.choices[0]?.text ?? '');
  expect(plain.choices[0]?.text.split(' ')).toHaveLength(5);
  expect(pieces.join('')).toBe(plain.choices[0]?.text);
});

test('embeddings are answered, one for each input', async () => {
  const input = ['sea', 'rain'];
  const { data, usage } = await openai.embeddings.create({ model: 'embed', input });
  expect(data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
    [0, 8],
    [1, 8],
  ]);
  expect(usage.prompt_tokens).toBe(2);
});

test('the list of models names every one that may be asked for', async () => {
  const ids: string[] = [];
  for await (const model of openai.models.list()) ids.push(model.id);
  expect(ids.sort()).toEqual(['alias', 'caller', 'embed', 'large']);
});

const TRICKY = `{ "zeta":1 ,
  "model" : "MODEL", "seed": 12345678901234567890,\t"tiny": 1.0e-10, "exact": 1.0,
  "messages":[{"content":"caf\\u00e9 \\ud83c\\udf0a","role":"user","name":"a\\/b"}],
  "tools": [ {"type":"function","function":{"name":"f","strict":true,"parameters":{"b":1,"a":[ ]}},"x-own":{"deep":[null]}} ],
  "nested": {"model": "untouched", "stream_options": {"include_usage": false}}, "repeated": 1, "repeated": 2 }
`;

test('a body reaches the provider byte for byte', async () => {
  const text = TRICKY.replace('MODEL', 'large');
  await openai.post('/chat/completions', { body: text, headers: { 'content-type': 'application/json' } });
  expect(stage.providers.primary.attempts()[0]?.body.toString()).toBe(text);
});

test('where the route names another model, that name is all that changes', async () => {
  const text = TRICKY.replace('MODEL', 'alias');
  await openai.post('/chat/completions', { body: text, headers: { 'content-type': 'application/json' } });
  expect(stage.providers.primary.attempts()[0]?.body.toString()).toBe(TRICKY.replace('MODEL', 'large'));
});

test('where usage has to be asked for, that is all that is added to a stream', async () => {
  const text = TRICKY.replace('"MODEL"', '"large", "stream": true');
  await openai.post('/chat/completions', {
    body: text,
    headers: { 'content-type': 'application/json' },
    stream: true,
  });
  const sent = stage.providers.primary.attempts()[0]?.body.toString();
  expect(sent).toBe(text.replace('{', '{"stream_options":{"include_usage":true},'));
});
