import { type RawAnswer, rawRequest } from '@gatewayz/testkit';
import { expect } from 'vitest';
import { chatBody, type OpenaiError } from '../ask.ts';

/** The request line of a chat completion. */
export const CHAT_LINE = 'POST /v1/chat/completions HTTP/1.1\r\n';

/** What every proper request of these tests begins with. */
export const CHAT_HEAD: string = `${CHAT_LINE}host: gateway\r\ncontent-type: application/json\r\n`;

/** How long a server may take over an answer before a test gives up. */
const PATIENCE_MS = 10_000;

/** A body that would be served, byte for byte. */
export const CHAT_JSON: string = JSON.stringify(chatBody('hello'));

/** The same body as one chunk and the end. */
export const CHAT_CHUNKS: string = `${CHAT_JSON.length.toString(16)}\r\n${CHAT_JSON}\r\n0\r\n\r\n`;

/** A whole chat request as it goes over the wire; `headers` are lines that end in CRLF. */
export function rawChat(more: Readonly<Record<string, unknown>> = {}, headers = ''): string {
  const body = JSON.stringify(chatBody('hello', more));
  return `${CHAT_HEAD}${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Sends text as Latin-1 bytes and reads until the server closes, or so many statuses are there with their bodies. */
export function sendRaw(port: number, text: string, until?: (text: string) => boolean): Promise<RawAnswer> {
  const options = { timeoutMs: PATIENCE_MS, ...(until === undefined ? {} : { until }) };
  return rawRequest(port, Buffer.from(text, 'latin1'), options);
}

/** One answer in OpenAI's shape, with `connection: close`, the end of the connection, and nothing else. */
export function expectClosedWith(answer: RawAnswer, status: number, what = ''): void {
  expect([answer.statuses, answer.closedBy], what).toEqual([[status], 'server']);
  const split = answer.text.indexOf('\r\n\r\n');
  const head = answer.text.slice(0, split + 2).toLowerCase();
  const { error } = JSON.parse(answer.text.slice(split + 4)) as { error: OpenaiError };
  expect(error, what).toMatchObject({ type: 'invalid_request_error', message: expect.any(String) });
  expect(head, what).toContain(`\r\nx-request-id: ${error.request_id}\r\n`);
  expect(head, what).toContain('\r\nconnection: close\r\n');
}
