import { type CollectedChat, collectChat, expectedAnswer, readSse, type SseEnd } from '@gatewayz/testkit';
import { expect } from 'vitest';
import { type Answer, ask } from '../ask.ts';

/** What is asked, and what came back as a client's library would hold it. */
export interface Chat extends Answer {
  readonly body: Readonly<Record<string, unknown>>;
  readonly chat: CollectedChat;
  readonly end: SseEnd;
  /** The provider that the headers name. */
  readonly provider: string | null;
  /** The text of a plain answer. */
  readonly content: unknown;
}

export interface ChatOptions {
  readonly model?: string;
  readonly content?: string;
  readonly path?: string;
  /** Further fields of the body. */
  readonly more?: Readonly<Record<string, unknown>>;
}

type Gateway = Parameters<typeof ask>[0];

/** Asks for a plain answer. */
export function askPlain(gateway: Gateway, options: ChatOptions = {}): Promise<Chat> {
  return send(gateway, options, {});
}

/** Asks for a stream and reads it to its end. */
export function askStream(gateway: Gateway, options: ChatOptions = {}): Promise<Chat> {
  return send(gateway, options, { stream: true });
}

async function send(gateway: Gateway, options: ChatOptions, shape: object): Promise<Chat> {
  const { model = 'large', content = 'Hello', path = '/v1/chat/completions', more = {} } = options;
  const said = path.includes('chat') ? { messages: [{ role: 'user', content }] } : { prompt: content };
  const body = { model, ...said, ...shape, ...more };
  const answer = await ask(gateway, { path, body });
  const reading = readSse(new Response(answer.text));
  const chat = collectChat(await reading.all());
  const { choices } = (answer.json ?? {}) as {
    choices?: { text?: string; message?: { content?: string } }[];
  };
  return {
    ...answer,
    body,
    chat,
    end: reading.ended,
    provider: answer.headers.get('x-gatewayz-provider'),
    content: choices?.[0]?.message?.content ?? choices?.[0]?.text,
  };
}

/** The client has exactly one complete streamed answer: by default the one that every fake provider gives. */
export function expectWholeStream(answer: Chat, text: string = expectedAnswer(answer.body)): void {
  expect(answer.status).toBe(200);
  const { chat, end } = answer;
  expect({ ...chat, ids: chat.ids.length, end }).toMatchObject({
    text,
    done: true,
    finishReasons: ['stop'],
    ids: 1,
    errorEvent: null,
    malformed: [],
    eventsAfterDone: 0,
    end: 'clean',
  });
  expect(answer.text.match(/\[DONE\]/g)).toHaveLength(1);
  if ('messages' in answer.body) expect(chat.roles).toEqual(['assistant']);
}

/** The client has a true beginning of the answer, and is told that it is no more than that. */
export function expectBrokenStream(answer: Chat, text: string): void {
  expect(answer.status).toBe(200);
  const { chat, end } = answer;
  expect({ ...chat, end }).toMatchObject({ text, done: false, malformed: [], end: 'clean' });
  expect(chat.errorEvent).toMatchObject({
    message: expect.any(String),
    type: expect.any(String),
    request_id: answer.headers.get('x-request-id'),
  });
  expect(answer.text).not.toContain('[DONE]');
}

/** The client has exactly one complete plain answer. */
export function expectWholeAnswer(answer: Chat, text: string = expectedAnswer(answer.body)): void {
  expect([answer.status, answer.content, answer.error]).toEqual([200, text, undefined]);
}
