import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamProgress } from './attempt-state.ts';
import { DirectRelay } from './direct-relay.ts';
import { StreamAnswer } from './stream-answer.ts';
import { chatEvent, DONE_EVENT, FakeOutlet, textIn } from './stream-fixture.ts';
import { Transcript } from './transcript.ts';

interface Reading {
  readonly outlet: FakeOutlet;
  readonly answer: StreamAnswer;
  readonly transcript: Transcript;
  push(text: string): StreamProgress;
}

function reading({ choices = 1, maxEventBytes = 65_536 } = {}): Reading {
  const outlet = new FakeOutlet();
  const transcript = new Transcript();
  const relay = new DirectRelay(outlet, transcript, true);
  const options = { maxEventBytes, secret: 'sk-canary', choices, expectsUsage: true, parsesAll: false };
  const answer = new StreamAnswer(outlet, relay, options);
  return { outlet, answer, transcript, push: (text) => answer.push(Buffer.from(text), 1) };
}

const LAST = chatEvent(null, { finish: 'stop' });
const tooSoon = { outcome: 'provider_error', message: 'the stream ended before its answer did' };

describe('a healthy stream', () => {
  test('reaches the client byte for byte, wherever the network cut it', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 10 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(texts, fc.array(fc.nat(10_000), { maxLength: 10 }), (parts, places) => {
        const stream = `${parts.map((part) => chatEvent(part)).join(': ping\n\n')}${LAST}${DONE_EVENT}`;
        const bytes = Buffer.from(stream);
        const ends = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
        const { outlet, answer, transcript } = reading();
        let progress: StreamProgress = 'waiting';
        [...ends, bytes.length].forEach((end, at) => {
          progress = answer.push(bytes.subarray(ends[at - 1] ?? 0, end), 1);
        });
        expect(outlet.sent).toBe(stream);
        expect(progress).toBe('complete');
        expect(transcript.text).toBe(parts.join(''));
      }),
    );
  });

  test('waits until its first whole event, is then open, then finishing, then complete', () => {
    const { push } = reading();
    expect(push(': ping\n\n')).toBe('waiting');
    expect(push('data: {"id"')).toBe('waiting');
    expect(push(':"a","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n')).toBe('open');
    expect(push(': ping\n\n')).toBe('open');
    expect(push(LAST)).toBe('finishing');
    expect(push(DONE_EVENT)).toBe('complete');
  });

  test('tells the usage, wherever it stands', () => {
    const { answer, push } = reading();
    push(chatEvent('Hi', { usage: { prompt_tokens: 1, completion_tokens: 2 } }));
    push('data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n');
    push('data: {"choices":[],"usage":{"prompt_tokens":-3}}\n\n');
    expect(answer.usage).toMatchObject({ inputTokens: 3, outputTokens: 4 });
  });

  test('without [DONE] is complete when it closes after its last finish reason', () => {
    const { answer, push, outlet } = reading();
    expect(push(chatEvent('Hi') + LAST)).toBe('finishing');
    expect(answer.end()).toBe('complete');
    expect(answer.relay.isDone).toBe(false);
    expect(outlet.sent).toBe(chatEvent('Hi') + LAST);
  });

  test('is done by [DONE] even where no finish reason came', () => {
    expect(reading().push(chatEvent('Hi') + DONE_EVENT)).toBe('complete');
  });

  test('passes nothing on that comes after [DONE]', () => {
    const { push, outlet } = reading();
    expect(push(chatEvent('Hi') + DONE_EVENT + chatEvent('more') + DONE_EVENT)).toBe('complete');
    expect(outlet.sent).toBe(chatEvent('Hi') + DONE_EVENT);
  });

  test('is not over where a finish reason is an empty string', () => {
    expect(reading().push(chatEvent('Hi', { finish: '' }))).toBe('open');
  });
});

describe('several choices', () => {
  const second = (text: string | null, finish: string | null = null): string =>
    chatEvent(text, { index: 1, finish });

  test('are over when each of them has its finish reason', () => {
    const { push } = reading({ choices: 2 });
    expect(push(chatEvent('a') + second('b'))).toBe('open');
    expect(push(LAST)).toBe('open');
    expect(push(second(null, 'stop'))).toBe('finishing');
  });

  test('one after the other are not over after the first', () => {
    const { push, answer } = reading({ choices: 2 });
    expect(push(chatEvent('a') + LAST)).toBe('open');
    expect(push(second('b'))).toBe('open');
    expect(answer.end()).toMatchObject(tooSoon);
  });

  test('that a provider does not give are not missed when it closes', () => {
    const { push, answer } = reading({ choices: 2 });
    push(chatEvent('a') + LAST);
    expect(answer.end()).toBe('complete');
  });
});

describe('a stream that is not whole', () => {
  test.each([
    ['with nothing in it', ''],
    ['with comments only', ': ping\n\n'],
    ['cut between two events', chatEvent('Hi')],
    ['cut within an event', `${chatEvent('Hi')}data: {"cho`],
  ])('%s has ended too soon', (_, stream) => {
    const { push, answer } = reading();
    push(stream);
    expect(answer.end()).toMatchObject(tooSoon);
  });

  test('is not made whole by a mere [DONE]', () => {
    const { push, outlet } = reading();
    expect(push(DONE_EVENT)).toMatchObject(tooSoon);
    expect(outlet.sent).toBe('');
  });

  test('tells what the provider said, without our key, and keeps what came before', () => {
    const { push, outlet } = reading();
    const progress = push(
      `${chatEvent('Hi')}data: {"error":{"message":"bad sk-canary"}}\n\n${chatEvent('more')}`,
    );
    expect(progress).toMatchObject({ outcome: 'provider_error', said: { message: 'bad [redacted]' } });
    expect(outlet.sent).toBe(chatEvent('Hi'));
  });

  test('fails at an event that is too large, however it comes', () => {
    const huge = `data: {"a":"${'x'.repeat(200)}`;
    expect(reading({ maxEventBytes: 150 }).push(huge)).toMatchObject({ outcome: 'provider_error' });
    expect(reading({ maxEventBytes: 150 }).push(`${huge}"}\n\n`)).toMatchObject({
      outcome: 'provider_error',
    });
  });

  test('goes on after a malformed event, which is left out and counted', () => {
    const { push, outlet } = reading();
    expect(push(`${chatEvent('Hi')}data: {oops\n\n${chatEvent(' you')}`)).toBe('open');
    expect(textIn(outlet.sent)).toBe('Hi you');
    expect(outlet.dropped).toBe(1);
  });
});

describe('a last event without its blank line', () => {
  test.each(['', '\n', '\r\n'])('is closed, so that what follows is no part of it (%j)', (end) => {
    const { push, answer, outlet } = reading();
    push(chatEvent('Hi') + LAST.slice(0, -2) + end);
    expect(answer.end()).toBe('complete');
    const events = `${outlet.sent}${DONE_EVENT}`.split(/\r?\n\r?\n/).map((event) => event.trim());
    expect(events.filter(Boolean)).toEqual([chatEvent('Hi').trim(), LAST.trim(), DONE_EVENT.trim()]);
  });

  test('does not swallow the event that another target goes on with', () => {
    const { push, answer, outlet } = reading();
    push(`${chatEvent('Hi')}dat`);
    expect(answer.end()).toMatchObject(tooSoon);
    expect(`${outlet.sent}${chatEvent(' you')}`).toMatch(/\n\ndata: [^\n]* you[^\n]*\n\n$/);
  });

  test('may be [DONE]', () => {
    const { push, answer } = reading();
    push(`${chatEvent('Hi')}data: [DONE]`);
    expect(answer.end()).toBe('complete');
    expect(answer.relay.isDone).toBe(true);
  });
});
