import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { isChunkFlood, noteChunkedBody } from './chunk-overhead.ts';

function requestAfter(before: number, after: number): IncomingMessage {
  const socket = { bytesRead: before };
  const request = { socket } as unknown as IncomingMessage;
  noteChunkedBody(request);
  socket.bytesRead = after;
  return request;
}

test('a body in chunks of one byte each is no flood, however long', () => {
  expect(isChunkFlood(requestAfter(300, 300 + 6_000_000), 1_000_000)).toBe(false);
});

test('a short body with the next requests in the same read is no flood', () => {
  expect(isChunkFlood(requestAfter(300, 300 + 65_536), 10)).toBe(false);
});

test('a body that is next to nothing of what was sent is a flood', () => {
  expect(isChunkFlood(requestAfter(300, 300 + 200_000), 10)).toBe(true);
});

test('a request whose body has a length is none', () => {
  const request = { socket: { bytesRead: 1e9 } } as unknown as IncomingMessage;
  expect(isChunkFlood(request, 1)).toBe(false);
});
