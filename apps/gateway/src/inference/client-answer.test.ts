import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ClientAnswer } from './client-answer.ts';

const HEADERS = ['x-request-id', 'id'];
const WRITE_TIMEOUT_MS = 100;
/** More than the buffers of two sockets hold. */
const HUGE = 32 * 1024 * 1024;

let server: Server;
let errors: unknown[];
const sockets: Socket[] = [];

beforeEach(async () => {
  errors = [];
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(errors).toEqual([]);
});

interface Exchange {
  readonly client: Socket;
  readonly response: ServerResponse;
  readonly answer: ClientAnswer;
  readonly clientFull: () => void;
}

/** A client that has asked, and the answer that it waits for. */
async function ask(): Promise<Exchange> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(client);
  client.on('error', () => {});
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  response.on('error', (error) => errors.push(error));
  const clientFull = vi.fn();
  const owner = { clientFull };
  const answer = new ClientAnswer(response, 'req-1', WRITE_TIMEOUT_MS, owner);
  return { client, response, answer, clientFull };
}

async function read(client: Socket): Promise<string> {
  client.setEncoding('utf8');
  client.end();
  let text = '';
  for await (const chunk of client) text += chunk;
  return text;
}

/** The body of what was read, its chunks put together. */
function bodyOf(text: string): string {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  return body.replaceAll(/(?:^|\r\n)[\da-f]+\r\n/g, '').replace(/\r\n\r\n$/, '');
}

describe('a plain answer', () => {
  test.each([2, 16_384, 16_385, 100_000])('of %d bytes arrives whole, with its length', async (size) => {
    const { client, answer } = await ask();
    const body = Buffer.alloc(size, 'ä');
    answer.respond(200, body, HEADERS);
    const text = await read(client);
    expect(text).toContain(`content-length: ${size}\r\n`);
    expect(text).toContain('x-request-id: id\r\n');
    expect(text.endsWith(body.toString())).toBe(true);
  });

  test('that is not read closes the connection in the end', async () => {
    const { client, response, answer } = await ask();
    client.pause();
    answer.respond(200, Buffer.alloc(HUGE), HEADERS);
    await once(response, 'close');
    expect(response.writableFinished).toBe(false);
  });

  test('to a client that has left does nothing', async () => {
    const { client, response, answer } = await ask();
    client.destroy();
    await once(response, 'close');
    answer.respond(200, Buffer.from('{}'), HEADERS);
    await wait(10);
  });
});

describe('a stream', () => {
  test('leaves in the order of its writes, and ends with [DONE] where that is missing', async () => {
    const { client, answer } = await ask();
    expect(answer.isOpen).toBe(false);
    answer.open(HEADERS);
    expect(answer.isOpen).toBe(true);
    answer.write(Buffer.from('data: 1\n\n'));
    answer.write(Buffer.from('data: 2\n\n'));
    await wait(5);
    answer.write(Buffer.from('data: 3\n\n'));
    answer.finish(true);
    const text = await read(client);
    expect(text).toContain('content-type: text/event-stream; charset=utf-8\r\n');
    expect(bodyOf(text)).toContain('data: 1\n\ndata: 2\n\ndata: 3\n\ndata: [DONE]\n\n');
  });

  test('that said [DONE] itself gets no second one', async () => {
    const { client, answer } = await ask();
    answer.open(HEADERS);
    answer.write(Buffer.from('data: [DONE]\n\n'));
    answer.finish(false);
    expect((await read(client)).match(/\[DONE\]/g)).toHaveLength(1);
  });

  test('that breaks off ends with an error event behind what was written, and without [DONE]', async () => {
    const { client, answer } = await ask();
    answer.open(HEADERS);
    answer.write(Buffer.from('data: 1\n\n'));
    answer.fail({ status: 502, type: 'api_error', code: 'provider_error', message: 'It broke.' });
    const text = await read(client);
    expect(bodyOf(text)).toMatch(
      /data: 1\n\ndata: \{"error":\{"message":"It broke\.".*"request_id":"req-1"\}\}\n\n/,
    );
    expect(text).not.toContain('[DONE]');
  });

  test('tells once a turn that the client is full', async () => {
    const { client, answer, clientFull } = await ask();
    client.pause();
    answer.open(HEADERS);
    for (let at = 0; at < 10; at += 1) answer.write(Buffer.alloc(HUGE / 10));
    await wait(5);
    expect(clientFull).toHaveBeenCalledOnce();
    answer.abandon();
  });

  test('whose end is not read closes the connection in the end', async () => {
    const { client, response, answer } = await ask();
    client.pause();
    answer.open(HEADERS);
    answer.write(Buffer.alloc(HUGE));
    answer.finish(true);
    await once(response, 'close');
    expect(response.writableFinished).toBe(false);
  });

  test('may be written to, ended or failed after the client has left', async () => {
    const { client, response, answer } = await ask();
    answer.open(HEADERS);
    answer.write(Buffer.from('data: 1\n\n'));
    client.destroy();
    await once(response, 'close');
    answer.write(Buffer.from('data: 2\n\n'));
    await wait(5);
    answer.write(Buffer.from('data: 3\n\n'));
    answer.finish(true);
    await wait(5);
  });

  test('may be given up with a write still on its way', async () => {
    const { response, answer } = await ask();
    answer.open(HEADERS);
    answer.write(Buffer.from('data: 1\n\n'));
    answer.abandon();
    await once(response, 'close');
    expect(response.destroyed).toBe(true);
  });
});
