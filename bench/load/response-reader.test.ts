import { describe, expect, it } from 'vitest';
import { jsonAnswer, streamAnswer, streamTerminator } from '../upstream-answers.ts';
import { type ReadState, ResponseReader } from './response-reader.ts';

const tailBytes = streamTerminator.length;

function pushIn(reader: ResponseReader, bytes: Buffer, size: number): ReadState {
  let state: ReadState = 'more';
  for (let start = 0; start < bytes.length; start += size) {
    expect(state).toBe('more');
    const piece = bytes.subarray(start, start + size);
    state = reader.push(piece, piece.length);
  }
  return state;
}

function bodyOf(response: Buffer): string {
  return response.toString().slice(response.indexOf('\r\n\r\n') + 4);
}

describe('ResponseReader', () => {
  const plain = jsonAnswer();
  const stream = Buffer.concat(streamAnswer(true));

  it.each([1, 2, 7, 100, 1 << 20])('reads a body with a length in pieces of %i bytes', (size) => {
    const reader = new ResponseReader(tailBytes);
    expect(pushIn(reader, plain, size)).toBe('done');
    expect(reader.status).toBe(200);
    expect(reader.bodyBytes).toBe(bodyOf(plain).length);
    expect(reader.tail.toString()).toBe(bodyOf(plain).slice(-tailBytes));
  });

  it.each([1, 2, 7, 100, 1 << 20])('reads a chunked body in pieces of %i bytes', (size) => {
    const reader = new ResponseReader(tailBytes);
    expect(pushIn(reader, stream, size)).toBe('done');
    const data = bodyOf(stream)
      .replaceAll(/^[0-9a-f]+\r\n/gm, '')
      .replaceAll('\r\n', '');
    expect(reader.bodyBytes).toBe(data.length);
    expect(reader.tail.toString()).toBe(streamTerminator);
  });

  it('reads one response after the other', () => {
    const reader = new ResponseReader(tailBytes);
    for (const response of [stream, plain, stream]) {
      reader.reset();
      expect(reader.push(response, response.length)).toBe('done');
    }
    expect(reader.tail.toString()).toBe(streamTerminator);
  });

  it('asks for more where a stream is cut', () => {
    const reader = new ResponseReader(tailBytes);
    expect(reader.push(stream, stream.length - 5)).toBe('more');
  });

  it.each([
    ['a chunk size that is no number', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    ['a body without framing', 'HTTP/1.1 200 OK\r\n\r\nhello'],
    ['more bytes than the length says', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhello'],
    ['bytes after the last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nhello'],
  ])('calls %s broken', (_what, text) => {
    const bytes = Buffer.from(text);
    expect(new ResponseReader(tailBytes).push(bytes, bytes.length)).toBe('broken');
  });
});
