import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CollectedChat } from '../sse/collect-chat.ts';
import { collectChat } from '../sse/collect-chat.ts';
import type { SseReading } from '../sse/read-sse.ts';
import { readSse } from '../sse/read-sse.ts';
import { expectedAnswer, expectedUsage } from './expected-answer.ts';
import type { FakeProvider } from './fake-provider.ts';
import { startFakeProvider } from './fake-provider.ts';
import type { AnswerScript, Script } from './script.ts';
import { answers, noise } from './scripts.ts';

const BODY = { model: 'm', messages: [{ role: 'user', content: 'words=12 please' }], stream: true };
const TEXT = expectedAnswer(BODY);
/** Role, twelve pieces, finish reason, `[DONE]`. */
const EVENTS = 15;

let provider: FakeProvider;
let agent: Agent;

beforeEach(async () => {
  agent = new Agent();
  provider = await startFakeProvider();
});

afterEach(async () => {
  await agent.destroy();
  await provider.close();
});

interface Streamed {
  readonly reading: SseReading;
  readonly chat: CollectedChat;
}

async function stream(script: Script, more: Record<string, unknown> = {}): Promise<Streamed> {
  provider.setDefault(script);
  const { body } = await request(`${provider.url}/chat/completions`, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...BODY, ...more }),
  });
  const reading = readSse(body);
  return { reading, chat: collectChat(await reading.all()) };
}

test('a stream has one role, the text, one finish reason and its end', async () => {
  const { reading, chat } = await stream(answers({ id: 'chat-7', created: 5 }));
  expect(reading.ended).toBe('clean');
  expect(chat).toMatchObject({
    text: TEXT,
    roles: ['assistant'],
    finishReasons: ['stop'],
    ids: ['chat-7'],
    models: ['m'],
    usage: null,
    done: true,
    eventsAfterDone: 0,
    malformed: [],
  });
  expect(provider.log[0]).toMatchObject({
    eventsSent: EVENTS,
    piecesSent: 12,
    textSent: TEXT,
    usageSent: undefined,
    end: 'complete',
  });
});

test('usage comes in an event of its own when asked for, and as the script has it otherwise', async () => {
  const asked = { stream_options: { include_usage: true } };
  const usage = expectedUsage(BODY);
  expect((await stream(answers(), asked)).chat).toMatchObject({ usage, usageCount: 1 });
  expect((await stream(answers({ usageChunk: 'always' }))).chat.usage).toEqual(usage);
  expect((await stream(answers({ usageChunk: 'never' }), asked)).chat.usage).toBeNull();
  expect((await stream(answers({ usage: 'absent' }), asked)).chat.usage).toBeNull();
  const { reading } = await stream(answers({ usageChunk: 'with_finish' }));
  expect(reading.ended).toBe('clean');
  expect(provider.log.at(-1)).toMatchObject({ usageSent: usage, eventsSent: EVENTS });
});

for (const value of [
  { prompt_tokens: -5, completion_tokens: 1e30, total_tokens: 'many' },
  'all of them',
  [],
]) {
  test(`hostile usage ${JSON.stringify(value)} is sent as it is and kept out of the sums`, async () => {
    await stream(answers({ usage: { value } }), { stream_options: { include_usage: true } });
    expect(provider.log[0]?.usageSent).toEqual(value);
    expect(provider.stats().byModel.m).toMatchObject({ promptTokens: 0, completionTokens: 0 });
  });
}

for (const chunking of ['perEvent', 'allAtOnce', { sliceBytes: 7 }] as const) {
  test(`the answer and its counts are the same when chunked ${JSON.stringify(chunking)}`, async () => {
    const { chat, reading } = await stream(answers({ chunking, text: 'мир 🌊 è vero', intervalMs: 0 }));
    expect(chat.text).toBe('мир 🌊 è vero');
    expect(reading.ended).toBe('clean');
    expect(provider.log[0]).toMatchObject({ eventsSent: 7, piecesSent: 4, textSent: 'мир 🌊 è vero' });
  });
}

test('slices split events and characters over writes', async () => {
  provider.setDefault(answers({ chunking: { sliceBytes: 5 } }));
  const { body } = await request(`${provider.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(BODY),
  });
  const sizes: number[] = [];
  for await (const chunk of body) sizes.push((chunk as Buffer).length);
  expect(Math.max(...sizes.slice(0, -1))).toBeLessThan(200);
  expect(sizes.length).toBeGreaterThan(EVENTS * 3);
});

for (const lineEnd of ['\r\n', '\r'] as const) {
  test(`events may end in ${JSON.stringify(lineEnd)}`, async () => {
    expect((await stream(answers({ lineEnd }))).chat).toMatchObject({ text: TEXT, done: true });
  });
}

test('[DONE] may be missing, come twice, or be followed by data', async () => {
  expect((await stream(answers({ done: 'missing' }))).chat).toMatchObject({ text: TEXT, done: false });
  expect((await stream(answers({ done: 'twice' }))).chat).toMatchObject({ done: true, eventsAfterDone: 1 });
  const { chat } = await stream(answers({ done: 'then_data' }));
  expect(chat).toMatchObject({ done: true, eventsAfterDone: 1, text: `${TEXT}after the end` });
});

test('noise is put before the event it is meant for and is not counted as one', async () => {
  const insert = [
    { at: 0, raw: noise.byteOrderMark },
    { at: 1, raw: noise.malformedJson },
    { at: 2, raw: noise.comment },
    { at: 3, raw: noise.eventOnly },
    { at: 4, raw: noise.nul },
    { at: 5, raw: noise.longLine(1_000_000) },
    { at: 99, raw: noise.notAnObject },
  ];
  const { chat, reading } = await stream(answers({ insert }));
  expect(chat).toMatchObject({ text: TEXT, done: true });
  expect(chat.malformed).toHaveLength(4);
  expect(reading.bytesRead).toBeGreaterThan(1_000_000);
  expect(provider.log[0]).toMatchObject({ eventsSent: EVENTS, piecesSent: 12 });
});

test('tool calls come as deltas and end with their finish reason', async () => {
  const toolCalls = [
    { id: 'call_1', name: 'find', arguments: '{"query":"tide tables"}' },
    { id: 'call_2', name: 'now', arguments: '{}' },
  ];
  const { chat } = await stream(answers({ toolCalls }));
  expect(chat.toolCalls.map(({ index: _, ...call }) => call)).toEqual(toolCalls);
  expect(chat).toMatchObject({ text: '', finishReasons: ['tool_calls'] });
});

test('a stream can be any length, made as it is sent', async () => {
  function* many(): Generator<string> {
    for (let index = 0; index < 20_000; index += 1) yield 'x';
  }
  const { chat } = await stream(answers({ pieces: many }), { stream_options: { include_usage: true } });
  expect(chat.text).toHaveLength(20_000);
  expect(chat.usage).toMatchObject({ completion_tokens: 20_000 });
});

function continuing(script: Partial<AnswerScript>, prefix: string): Promise<Streamed> {
  const messages = [...BODY.messages, { role: 'assistant', content: prefix }];
  return stream(answers(script), { messages });
}

for (const length of [1, 9, TEXT.length]) {
  test(`an accepted prefill of ${length} characters is continued from exactly there`, async () => {
    const prefix = TEXT.slice(0, length);
    const { chat } = await continuing({ prefill: 'accept' }, prefix);
    expect(prefix + chat.text).toBe(TEXT);
  });
}

test('a prefill may be refused or ignored, and one that does not fit is not continued', async () => {
  expect((await continuing({ prefill: 'ignore' }, TEXT.slice(0, 9))).chat.text).toBe(TEXT);
  expect((await continuing({ prefill: 'accept' }, 'something else')).chat.text).toBe(TEXT);
  await continuing({ prefill: 'refuse' }, TEXT.slice(0, 9));
  expect(provider.log.at(-1)).toMatchObject({ status: 400, end: 'complete' });
  expect((await stream(answers({ prefill: 'refuse' }))).chat.text).toBe(TEXT);
});
