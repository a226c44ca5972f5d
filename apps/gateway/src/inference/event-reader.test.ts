import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventReader, parseEvent, type StreamEvent } from './event-reader.ts';
import { EventSplitter } from './event-splitter.ts';

type Heard =
  | { readonly kind: 'chunk'; readonly text: string; readonly choices: number; readonly more: unknown }
  | { readonly kind: string };

/** What later parts rely on, taken out at once: an event is valid until the next one is read. */
function note(event: StreamEvent): Heard {
  if (event.kind !== 'chunk') return event;
  const { text, choices, finished, indexes, hasMore } = event.chunk;
  return { kind: 'chunk', text, choices, more: { finished: [...finished], indexes: [...indexes], hasMore } };
}

function readAll(stream: Buffer, cuts: readonly number[] = []): { read: Heard[]; repeated: number } {
  const reader = new EventReader();
  const splitter = new EventSplitter(1_000_000);
  const read: Heard[] = [];
  let repeated = 0;
  const places = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  let from = 0;
  for (const place of places) {
    splitter.push(Buffer.from(stream.subarray(from, place)), {
      event(bytes, start, end) {
        const event = reader.read(bytes, start, end);
        if (event.kind === 'chunk' && event.chunk.isRepeated) repeated += 1;
        read.push(note(event));
      },
    });
    from = place;
  }
  return { read, repeated };
}

/** The same stream, each event parsed by itself and without a memory of those before. */
function parseAll(events: readonly Buffer[]): Heard[] {
  return events.map((event) => note(parseEvent(event, 0, event.length)));
}

const frame = (text: string, id = 'a'): string =>
  `data: {"id":"${id}","choices":[{"index":0,"delta":{"content":${text}},"finish_reason":null}]}\n\n`;
const textFrame = (text: string): string => `data: {"choices":[{"text":${text},"index":0}]}\r\n\r\n`;

/** Raw JSON strings, well-formed or not, as a provider may put them between the same two ends. */
const rawText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
  {
    weight: 4,
    arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 4 }).map((text) => JSON.stringify(text)),
  },
  {
    weight: 2,
    arbitrary: fc.string({ unit: 'grapheme' }).map((text) => `"${text.replaceAll(/[\r\n]/g, '')}"`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '""',
      '"a","role":"assistant"',
      '"a","tool_calls":[{"index":0}]',
      '"\\u0041"',
      '"\\n"',
      '"\\"',
      '"\u0001"',
      '"\t"',
      '"a"b"',
      '"\\x"',
      'null',
      '5',
      '"a"},"finish_reason":"stop","x":{"y":"z"',
    ),
  },
);

const oddEvents = fc.constantFrom(
  'data: {bad json}\n\n',
  'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}}\n\n',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
  'data: {"choices":[{"index":1,"delta":{"content":"b"},"finish_reason":null}]}\n\n',
  'data: {"choices":"none"}\n\n',
  'data: {"error":{"message":"over"}}\n\n',
  'data: []\n\n',
  ': ping\n\n',
  'data: [DONE]\n\n',
);

const events = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: rawText.map((text) => frame(text)) },
    { weight: 2, arbitrary: rawText.map((text) => frame(text, 'b')) },
    { weight: 2, arbitrary: rawText.map(textFrame) },
    { weight: 1, arbitrary: oddEvents },
  ),
  { maxLength: 20 },
);

describe('reading events that repeat one another', () => {
  test('says the same as parsing each of them, wherever the network cut them', () => {
    fc.assert(
      fc.property(events, fc.array(fc.nat({ max: 5000 }), { maxLength: 30 }), (texts, cuts) => {
        const bytes = texts.map((text) => Buffer.from(text));
        expect(readAll(Buffer.concat(bytes), cuts).read).toEqual(parseAll(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('says the same where the text is no UTF-8', () => {
    const [before = '', after = ''] = frame('"|"').split('|');
    const hostile = fc
      .uint8Array({ maxLength: 12 })
      .map((raw) => raw.filter((byte) => byte !== 0x0a && byte !== 0x0d))
      .map((raw) => Buffer.concat([Buffer.from(before), raw, Buffer.from(after)]));
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 10 }), (frames) => {
        const all = [Buffer.from(frame('"first"')), ...frames];
        expect(readAll(Buffer.concat(all)).read).toEqual(parseAll(all));
      }),
      { numRuns: 500 },
    );
  });

  test('compares bytes from the second event of a shape on', () => {
    const stream = ['"a"', '"ä"', '""', '"😀"'].map((text) => frame(text)).join('');
    expect(readAll(Buffer.from(stream))).toMatchObject({
      repeated: 3,
      read: [{ text: 'a' }, { text: 'ä' }, { text: '' }, { text: '😀' }],
    });
  });

  test('parses again where the frame changes, and then compares with the new frame', () => {
    const stream = [frame('"a"', '1'), frame('"b"', '1'), frame('"c"', '2'), frame('"d"', '2')].join('');
    expect(readAll(Buffer.from(stream)).repeated).toBe(2);
  });

  test.each(['{bad json}', '{"choices":[{"index":0,"delta":{"content":"cut', '{"choices":[]'])(
    'finds %s malformed between well-formed events',
    (data) => {
      const stream = [frame('"a"'), frame('"b"'), `data: ${data}\n\n`, frame('"c"')].join('');
      expect(readAll(Buffer.from(stream)).read.map((event) => event.kind)).toEqual([
        'chunk',
        'chunk',
        'malformed',
        'chunk',
      ]);
    },
  );

  test.each(['"', '\\', '\u0000', '\u001f', '\t', '\\x', '","x":y,"z":"'])(
    'finds an event malformed whose text holds a bare %j',
    (character) => {
      const stream = frame('"a"') + frame('"b"') + frame(`"x${character}"`);
      expect(readAll(Buffer.from(stream)).read.at(-1)).toEqual({ kind: 'malformed' });
    },
  );

  test('sees the end of an answer and what is more than text', () => {
    const ends = 'data: {"choices":[{"index":0,"delta":{"content":"."},"finish_reason":"stop"}]}\n\n';
    const calls = frame('"a","tool_calls":[{"index":0}]');
    const { read } = readAll(Buffer.from(frame('"a"') + frame('"b"') + calls + ends));
    expect(read.slice(2)).toMatchObject([
      { more: { hasMore: true } },
      { text: '.', more: { finished: [0] } },
    ]);
  });
});

describe('the kinds of events', () => {
  const kindOf = (text: string): StreamEvent => parseEvent(Buffer.from(text), 0, Buffer.byteLength(text));

  test.each([
    'data: [DONE]\n\n',
    'data:[DONE]\n\n',
    'data: [DONE]\r\n\r\n',
    'data: [DONE]',
    'event: end\ndata: [DONE]\n\n',
    'data: [DONE] \n\n',
  ])('%j ends the stream', (text) => {
    expect(kindOf(text)).toEqual({ kind: 'done' });
  });

  test.each([': comment\n\n', 'event: ping\n\n', 'retry: 10\r\r', '\n', 'id: 1\n\n'])(
    '%j has no data',
    (text) => {
      expect(kindOf(text)).toEqual({ kind: 'empty' });
    },
  );

  test.each(['data: 1\n\n', 'data: "a"\n\n', 'data: null\n\n', 'data\n\n', 'data: {"choices":1}\n\n'])(
    '%j is malformed',
    (text) => {
      expect(kindOf(text)).toEqual({ kind: 'malformed' });
    },
  );

  test('an error in the stream is kept as it was said', () => {
    expect(kindOf('data: {"error":{"message":"over"}}\n\n')).toEqual({
      kind: 'error',
      error: { message: 'over' },
    });
  });

  test('a byte order mark and data in several lines do not hide the data', () => {
    expect(kindOf('\u{feff}data: {"choices":\ndata: [{"text":"a"}]}\n\n')).toMatchObject({
      kind: 'chunk',
      chunk: { text: 'a', choices: 1 },
    });
  });
});

describe('fields that look like the text', () => {
  const twoTexts = (meta: string, text: string): Buffer =>
    Buffer.from(
      `data: {"meta":{"content":"${meta}"},"choices":[{"index":0,"delta":{"content": "${text}"},"finish_reason":null}]}\n\n`,
    );

  test('another field of the same name is never taken for the text', () => {
    const frames = [twoTexts('hi', 'hi'), twoTexts('yo', 'hi'), twoTexts('yo', 'there')];
    expect(readAll(Buffer.concat(frames)).read).toEqual(parseAll(frames));
  });

  test('an object that is no chunk at all says nothing of an answer', () => {
    const ping = Buffer.from('data: {"message":"still here"}\n\n');
    expect(parseAll([ping])).toEqual([{ kind: 'empty' }]);
  });
});
