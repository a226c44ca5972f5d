import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamProgress } from './attempt-state.ts';
import { type ContinuationMode, ContinuedRelay } from './continued-relay.ts';
import { StreamAnswer } from './stream-answer.ts';
import { chatEvent, chunksIn, DONE_EVENT, FakeOutlet, textChunk, textIn } from './stream-fixture.ts';
import { Transcript } from './transcript.ts';

interface Second {
  readonly outlet: FakeOutlet;
  readonly progress: StreamProgress;
  readonly transcript: Transcript;
}

/** What the client is sent of a second target's stream, the client having `known` of the first one's. */
function goOn(
  known: readonly string[],
  stream: string | readonly Buffer[],
  mode: ContinuationMode = 'replay',
  wantsUsage = false,
): Second {
  const transcript = new Transcript();
  for (const text of known) transcript.add(textChunk(text, { id: 'first', created: 1 }));
  const outlet = new FakeOutlet();
  const relay = new ContinuedRelay(outlet, transcript, mode, wantsUsage);
  const answer = new StreamAnswer(outlet, relay, {
    maxEventBytes: 65_536,
    secret: null,
    choices: 1,
    expectsUsage: true,
    parsesAll: true,
  });
  let progress: StreamProgress = 'waiting';
  for (const part of typeof stream === 'string' ? [Buffer.from(stream)] : stream) {
    progress = answer.push(part, 1);
    if (typeof progress === 'object') break;
  }
  return { outlet, progress, transcript };
}

function cutAt(text: string, places: readonly number[]): readonly string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...ends, text.length].map((end, at) => text.slice(ends[at - 1] ?? 0, end));
}

function streamOf(texts: readonly string[], id = 'second'): string {
  const role = `data: ${JSON.stringify({ id, choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })}\n\n`;
  return `${role}${texts.map((text) => chatEvent(text, { id })).join('')}${chatEvent(null, { id, finish: 'stop' })}${DONE_EVENT}`;
}

/** The bytes of a stream in reads of any size. */
function reads(stream: string, places: readonly number[]): readonly Buffer[] {
  const bytes = Buffer.from(stream);
  const ends = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
const places = fc.array(fc.nat(5000), { maxLength: 8 });

describe('an answer that is replayed', () => {
  test('reaches the client whole and once, wherever it was cut and however it comes again', () => {
    fc.assert(
      fc.property(text, fc.nat(5000), places, places, places, (whole, cut, first, second, network) => {
        const known = cutAt(whole.slice(0, cut % (whole.length + 1)), first);
        const { outlet, progress, transcript } = goOn(known, reads(streamOf(cutAt(whole, second)), network));
        expect(known.join('') + textIn(outlet.sent)).toBe(whole);
        expect(progress).toBe('complete');
        expect(transcript).toMatchObject({ text: whole, isFinished: true });
      }),
    );
  });

  test('never lets a wrong character pass where it says something else', () => {
    fc.assert(
      fc.property(text, text, fc.nat(5000), places, places, (whole, other, cut, second, network) => {
        const known = whole.slice(0, 1 + (cut % whole.length));
        fc.pre(!other.startsWith(known));
        const { outlet, progress } = goOn([known], reads(streamOf(cutAt(other, second)), network));
        expect(outlet.sent).toBe('');
        expect(progress).toMatchObject({ outcome: 'gateway' });
      }),
    );
  });

  test('is handed on to a third target from where the second one broke off', () => {
    fc.assert(
      fc.property(text, fc.nat(5000), fc.nat(5000), (whole, one, two) => {
        const [a = 0, b = 0] = [one, two].map((place) => place % (whole.length + 1)).sort((x, y) => x - y);
        const second = goOn([whole.slice(0, a)], chatEvent(whole.slice(0, b)));
        expect(second.progress).toBe('open');
        const outlet = new FakeOutlet();
        const relay = new ContinuedRelay(outlet, second.transcript, 'replay', false);
        relay.chunk(textChunk(whole, { finished: [0] }));
        expect(whole.slice(0, a) + textIn(second.outlet.sent) + textIn(outlet.sent)).toBe(whole);
      }),
    );
  });

  test('is held back while it says nothing new', () => {
    const { outlet } = goOn(['Once upon'], chatEvent('Once') + chatEvent(' upon'));
    expect(outlet).toMatchObject({ sent: '', chunks: 0 });
  });

  test.each([
    ['its last chunk', chatEvent('Once', { finish: 'stop' })],
    ['[DONE]', `${chatEvent('Once')}${DONE_EVENT}`],
  ])('fails where it ends sooner than the first one broke off, by %s', (_, stream) => {
    const { outlet, progress } = goOn(['Once upon'], stream);
    expect(outlet.sent).toBe('');
    expect(progress).toMatchObject({ outcome: 'gateway', message: expect.stringContaining('ends sooner') });
  });

  test.each([
    ['tool calls', { choices: [{ index: 0, delta: { tool_calls: [{ index: 0 }] } }] }],
    ['another choice', { choices: [{ index: 1, delta: { content: 'Once' } }] }],
    ['reasoning', { choices: [{ index: 0, delta: { reasoning: 'hm' } }] }],
  ])('fails where it brings %s', (_, value) => {
    const { outlet, progress } = goOn(['Once'], `data: ${JSON.stringify(value)}\n\n`);
    expect(outlet.sent).toBe('');
    expect(progress).toMatchObject({ message: expect.stringContaining('says more than text') });
  });
});

describe('a continued stream', () => {
  test('keeps the first id and time, and brings no second role', () => {
    const { outlet } = goOn(['Once'], streamOf([' upon', ' a time']), 'prefill');
    const chunks = chunksIn(outlet.sent);
    expect(chunks.map(({ id, created }) => [id, created])).toEqual([
      ['first', 1],
      ['first', 1],
      ['first', 1],
    ]);
    expect(outlet.sent).not.toContain('"role"');
    expect(outlet.sent).not.toContain('[DONE]');
    expect(outlet).toMatchObject({ chunks: 3, opened: 0 });
  });

  test('has exactly one finish reason', () => {
    const { outlet, progress } = goOn(['Once'], streamOf(['Once', ' upon']));
    expect(outlet.sent.match(/"finish_reason":"stop"/g)).toHaveLength(1);
    expect(progress).toBe('complete');
  });

  test('of a plain completion stays a plain completion', () => {
    const chunk = { id: 'x', choices: [{ index: 0, text: 'Once upon', finish_reason: null }] };
    const { outlet } = goOn(['Once'], `data: ${JSON.stringify(chunk)}\n\n`);
    expect(chunksIn(outlet.sent)[0]?.choices).toEqual([{ index: 0, text: ' upon', finish_reason: null }]);
  });

  test('drops comments', () => {
    expect(goOn(['Once'], `: ping\n\n${chatEvent(' upon')}`, 'prefill').outlet.sent).not.toContain('ping');
  });
});

describe('the usage of a continued answer', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const event = `data: ${JSON.stringify({ id: 'x', choices: [], usage })}\n\n`;
  const usageIn = (sent: string): unknown => chunksIn(sent).at(-1)?.usage;

  test('is told to a client that asked for it', () => {
    expect(usageIn(goOn(['Once'], chatEvent('Once upon') + event, 'replay', true).outlet.sent)).toEqual(
      usage,
    );
    expect(goOn(['Once'], chatEvent('Once') + event).outlet.sent).toBe('');
  });

  test('counts a prefilled text as output, and adds up', () => {
    const { outlet } = goOn(['On', 'ce'], chatEvent(' upon') + event, 'prefill', true);
    expect(usageIn(outlet.sent)).toEqual({ prompt_tokens: 8, completion_tokens: 7, total_tokens: 15 });
  });

  test('is set right in a chunk of text too, asked for or not', () => {
    const { outlet } = goOn(['On', 'ce'], chatEvent(' upon', { usage }), 'prefill');
    expect(usageIn(outlet.sent)).toEqual({ prompt_tokens: 8, completion_tokens: 7, total_tokens: 15 });
  });

  test('never becomes negative', () => {
    const small = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const stream = chatEvent(' upon', { usage: small });
    expect(usageIn(goOn(['a', 'b', 'c'], stream, 'prefill', true).outlet.sent)).toEqual({
      prompt_tokens: 0,
      completion_tokens: 2,
      total_tokens: 2,
    });
  });
});
