import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventSplitter } from './event-splitter.ts';

interface Split {
  readonly events: readonly string[];
  readonly rest: readonly string[];
  readonly fits: boolean;
}

/** Pushes the bytes in pieces cut at these places, and gives what came out of it. */
function split(bytes: Buffer, cuts: readonly number[] = [], maxEventBytes = 1_000_000): Split {
  const splitter = new EventSplitter(maxEventBytes);
  const events: string[] = [];
  const rest: string[] = [];
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  let fits = true;
  for (const place of places) {
    // A copy: the splitter must not lean on what lies behind a chunk in memory.
    const chunk = Buffer.from(bytes.subarray(from, place));
    fits = splitter.push(chunk, { event: (of, start, end) => events.push(of.toString('utf8', start, end)) });
    if (!fits) break;
    from = place;
  }
  splitter.flush({ event: (of, start, end) => rest.push(of.toString('utf8', start, end)) });
  return { events, rest, fits };
}

const lines = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, '')}`),
    fc.constantFrom(': comment', 'event: x', 'id: 1', 'data', 'data:', 'data: {"a":"\\r\\n"}'),
  ),
  { minLength: 1, maxLength: 4 },
);
const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 12 });

/** Events with the line ends that this stream uses throughout. */
const streams = fc
  .tuple(fc.array(lines, { maxLength: 6 }), fc.constantFrom('\n', '\r\n', '\r'))
  .map(([events, end]) => events.map((event) => event.map((line) => line + end).join('') + end));

describe('cutting a stream into events', () => {
  test('gives the events as they were written, wherever the network cut them', () => {
    fc.assert(
      fc.property(streams, cuts, (events, places) => {
        expect(split(Buffer.from(events.join('')), places)).toEqual({ events, rest: [], fits: true });
      }),
    );
  });

  test('gives the same events where LF and CRLF stand side by side', () => {
    const mixed = fc.array(
      fc
        .tuple(lines, fc.infiniteStream(fc.constantFrom('\n', '\r\n')))
        .map(([event, ends]) => [...event, ''].map((line) => line + ends.next().value).join('')),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(mixed, cuts, (events, places) => {
        expect(split(Buffer.from(events.join('')), places)).toEqual({ events, rest: [], fits: true });
      }),
    );
  });

  test.each(['\n', '\r\n', '\r'])('gives one event for every byte alone, with %j as the line end', (end) => {
    const events = [`data: ä${end}data: 😀${end}${end}`, `data: b${end}${end}`];
    const bytes = Buffer.from(events.join(''));
    expect(
      split(
        bytes,
        Array.from(bytes, (_, at) => at),
      ).events,
    ).toEqual(events);
  });
});

describe('what follows the last whole event', () => {
  test('is kept until it is whole', () => {
    expect(split(Buffer.from('data: a\n\ndata: b\n'), [3, 12])).toEqual({
      events: ['data: a\n\n'],
      rest: ['data: b\n\n\n'],
      fits: true,
    });
  });

  test('is handed over once, with the blank line that never came', () => {
    const splitter = new EventSplitter(100);
    const seen: string[] = [];
    const sink = {
      event: (of: Buffer, start: number, end: number): void =>
        void seen.push(of.toString('utf8', start, end)),
    };
    splitter.push(Buffer.from('data: a'), sink);
    splitter.flush(sink);
    splitter.flush(sink);
    expect(seen).toEqual(['data: a\n\n']);
  });
});

describe('the limit of an event', () => {
  const event = `data: ${'a'.repeat(92)}\n\n`;

  test('counts whole events and those that still grow, however they come', () => {
    fc.assert(
      fc.property(cuts, (places) => {
        expect(split(Buffer.from(event.repeat(3)), places, event.length).fits).toBe(true);
        expect(split(Buffer.from(event.repeat(3)), places, event.length - 1).fits).toBe(false);
        expect(split(Buffer.from('a'.repeat(101)), places, 100).fits).toBe(false);
      }),
    );
  });

  test('holds for each event, not for a chunk of many', () => {
    expect(split(Buffer.from(event.repeat(50)), [], event.length).events).toHaveLength(50);
  });
});
