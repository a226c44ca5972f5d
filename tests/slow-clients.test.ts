import { once } from 'node:events';
import { connect } from 'node:net';
import { answers, type RawAnswer, rawRequest } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, chatBody, type OpenaiError } from './ask.ts';
import { settledMetrics } from './settled-metrics.ts';
import { type Stage, startStage } from './stage.ts';

const POST = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
const PATIENCE_MS = 8000;

let stage: Stage<'primary'>;

beforeAll(async () => {
  stage = await startStage({
    providers: { primary: { models: { slow: answers({ intervalMs: 50 }) } } },
    models: ['large', 'slow'],
    config: { server: { headersTimeoutMs: 400, requestTimeoutMs: 800 } },
  });
});

afterAll(() => stage.close());

function header(answer: RawAnswer, name: string): string | undefined {
  return new RegExp(`\r\n${name}: ([^\r]*)\r\n`, 'i').exec(answer.text)?.[1];
}

/** One answer in OpenAI's shape, with the id of the request, and then the end of the connection. */
function expectClosedWith(answer: RawAnswer, status: number): void {
  expect([answer.statuses, answer.closedBy]).toEqual([[status], 'server']);
  const body = answer.text.slice(answer.text.indexOf('\r\n\r\n') + 4);
  const { error } = JSON.parse(body) as { error: OpenaiError };
  expect(error.type).toBe('invalid_request_error');
  expect(error.request_id).toMatch(/^[\w-]{8,}$/);
  expect(header(answer, 'x-request-id')).toBe(error.request_id);
  expect(header(answer, 'connection')).toBe('close');
}

/** Others are served as long as `slow` is not. */
async function withOthersServed(slow: Promise<RawAnswer>): Promise<RawAnswer> {
  let isOver = false;
  const watched = slow.finally(() => {
    isOver = true;
  });
  let served = 0;
  do {
    expect((await ask(stage.gateway, { body: chatBody(`other ${served}`) })).status).toBe(200);
    served += 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (!isOver);
  expect(served).toBeGreaterThan(1);
  return watched;
}

test('headers that never end are 408', async () => {
  const slow = rawRequest(stage.gateway.port, POST, { timeoutMs: PATIENCE_MS });
  expectClosedWith(await withOthersServed(slow), 408);
});

/** Writes a part every 50 ms, until the connection is closed. */
function drip(start: string, part: string): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = connect(stage.gateway.port, '127.0.0.1');
    socket.write(start);
    const timer = setInterval(() => socket.write(part), 50);
    socket.on('data', (bytes) => parts.push(bytes));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearInterval(timer);
      const bytes = Buffer.concat(parts);
      const text = bytes.toString('latin1');
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
      resolve({ bytes, text, statuses, closedBy: 'server' });
    });
  });
}

test('headers that drip in are 408', async () => {
  expectClosedWith(await withOthersServed(drip(POST, 'x: y\r\n')), 408);
});

test('a body that never ends is 408', async () => {
  const slow = rawRequest(stage.gateway.port, `${POST}content-length: 1000\r\n\r\n{"model":`, {
    timeoutMs: PATIENCE_MS,
  });
  expectClosedWith(await withOthersServed(slow), 408);
  const metrics = await settledMetrics(stage.gateway);
  const path = '/v1/chat/completions';
  expect(metrics.sum('fastapi_requests_total', { path, status_code: '408' })).toBe(1);
  expect(metrics.sum('fastapi_requests_total', { path, status_code: '499' })).toBe(0);
});

test('a body that drips in behind its refusal is not read beyond the deadline either', async () => {
  const start = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\n';
  const { statuses } = await withOthersServed(drip(`${start}content-length: 100000\r\n\r\n`, ' '));
  expect(statuses[0]).toBe(415);
});

test('connections that send nothing hold nobody up', async () => {
  const idle = Array.from({ length: 200 }, () => connect(stage.gateway.port, '127.0.0.1'));
  try {
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect((await ask(stage.gateway, { body: chatBody('x') })).status).toBe(200);
  } finally {
    for (const socket of idle) socket.destroy();
  }
});

test.each([
  ['one huge header', `x-bomb: ${'a'.repeat(200_000)}\r\n`],
  ['a thousand headers', Array.from({ length: 1000 }, (_, i) => `x-${i}: ${'b'.repeat(40)}\r\n`).join('')],
  ['a huge key', `authorization: Bearer ${'k'.repeat(100_000)}\r\n`],
])('%s is 431', async (_, headers) => {
  const bomb = rawRequest(stage.gateway.port, `${POST}${headers}content-length: 2\r\n\r\n{}`, {
    timeoutMs: PATIENCE_MS,
  });
  expectClosedWith(await bomb, 431);
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['two lengths', `${POST}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`],
  ['a length and chunks', `${POST}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['an unknown method', 'FROB / HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['a folded header', `GET /health HTTP/1.1\r\nhost: x\r\nx-a: b\r\n c\r\n\r\n`],
  ['a bad chunk', `${POST}transfer-encoding: chunked\r\n\r\nzz\r\n`],
])('%s is 400 and the end of the connection', async (_, bytes) => {
  const answer = await rawRequest(stage.gateway.port, bytes, { timeoutMs: PATIENCE_MS });
  expectClosedWith(answer, 400);
});

test('junk behind a request that is being answered does not get into its answer', async () => {
  const body = JSON.stringify(chatBody('x', { model: 'slow', stream: true }));
  const socket = connect(stage.gateway.port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.write(`${POST}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  socket.on('data', (part) => parts.push(part));
  await once(socket, 'data');
  socket.write('junk junk\r\n\r\n');
  await once(socket, 'close');
  const text = Buffer.concat(parts).toString();
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  expect(text).toContain('data: {');
  expect(text).not.toContain('[DONE]');
});

test('requests in a pipeline are answered in their order, each with its own answer', async () => {
  const request = (text: string): string => {
    const body = JSON.stringify(chatBody(text));
    return `${POST}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
  const questions = ['words=2 a', 'words=3 b', 'words=4 c'];
  const answer = await rawRequest(stage.gateway.port, questions.map(request).join(''), {
    until: (text) => text.split('"finish_reason"').length > questions.length,
    timeoutMs: PATIENCE_MS,
  });
  expect(answer.statuses).toEqual([200, 200, 200]);
  const counts = [...answer.text.matchAll(/"completion_tokens":(\d+)/g)].map((match) => Number(match[1]));
  expect(counts).toEqual([2, 3, 4]);
});
