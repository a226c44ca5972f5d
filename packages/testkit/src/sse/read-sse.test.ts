import { expect, test } from 'vitest';
import { readSse } from './read-sse.ts';

async function* bytesOf(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part;
}

async function* oneByOne(text: string): AsyncGenerator<Uint8Array> {
  for (const byte of new TextEncoder().encode(text)) yield Uint8Array.of(byte);
}

async function datas(source: AsyncIterable<Uint8Array>): Promise<readonly (string | null)[]> {
  return (await readSse(source).all()).map((event) => event.data);
}

for (const [name, end] of [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
] as const) {
  test(`lines may end in ${name}, however the bytes are split`, async () => {
    const text = `data: één${end}${end}: note${end}event: ping${end}data:two${end}data: lines${end}${end}`;
    const reading = readSse(oneByOne(text));
    const events = await reading.all();
    expect(events.map(({ data, event }) => [data, event])).toEqual([
      ['één', null],
      ['two\nlines', 'ping'],
    ]);
    expect(events[1]?.comments).toEqual(['note']);
    expect(reading.ended).toBe('clean');
    expect(reading.bytesRead).toBe(Buffer.byteLength(text));
  });
}

test('a byte order mark at the start is not part of the first field', async () => {
  expect(await datas(bytesOf('\uFEFFdata: a\n\n'))).toEqual(['a']);
});

test('a block without data is yielded with null data', async () => {
  const [event] = await readSse(bytesOf('event: ping\n\n')).all();
  expect(event).toMatchObject({ data: null, event: 'ping', raw: 'event: ping' });
});

test('bytes that end inside a block are reported as unterminated', async () => {
  const reading = readSse(bytesOf('data: a\n\nda', 'ta: b'));
  expect((await reading.all()).map((event) => event.data)).toEqual(['a']);
  expect(reading.ended).toBe('unterminated');
  expect(reading.leftover).toBe('data: b');
});

test('a source that fails keeps its events and its error', async () => {
  const failure = new Error('cut');
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield* bytesOf('data: a\n\n');
    throw failure;
  }
  const reading = readSse(failing());
  expect((await reading.all()).map((event) => event.data)).toEqual(['a']);
  expect(reading).toMatchObject({ ended: 'failed', error: failure });
});

test('a response is read through its body', async () => {
  const reading = readSse(new Response('data: a\n\ndata: b\n\n'));
  expect(await reading.all()).toHaveLength(2);
});
