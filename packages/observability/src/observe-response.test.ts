import { once } from 'node:events';
import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { RouteMetrics } from './http-metrics.ts';
import { observeResponse, reportBodyBytes } from './observe-response.ts';

interface Ending {
  readonly status: number;
  readonly seconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A server whose requests are all observed on one route; the first ending is what `ended` resolves to. */
async function serve(answer: Answer): Promise<{ url: string; ended: Promise<Ending>; begun: () => number }> {
  let begun = 0;
  let end: (ending: Ending) => void = () => {};
  const ended = new Promise<Ending>((resolve) => {
    end = resolve;
  });
  const route: RouteMetrics = {
    pattern: '/',
    leave: () => {},
    begin: () => {
      begun += 1;
    },
    end: (status, seconds, requestBytes, responseBytes) =>
      end({ status, seconds, requestBytes, responseBytes }),
  };
  const server = createServer((request, response) => {
    observeResponse(request, response, route);
    answer(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ended, begun: () => begun };
}

test('an answer counts with its status and the bytes of both bodies', async () => {
  const { url, ended, begun } = await serve((response) => {
    response.statusCode = 201;
    response.setHeader('content-length', 5);
    response.end('hello');
  });
  await fetch(url, { method: 'POST', body: 'abc' });
  const ending = await ended;
  expect(ending).toMatchObject({ status: 201, requestBytes: 3, responseBytes: 5 });
  expect(ending.seconds).toBeGreaterThan(0);
  expect(begun()).toBe(1);
});

test('bytes that were reported count before the header that says otherwise', async () => {
  const { url, ended } = await serve((response) => {
    reportBodyBytes(response, 7);
    response.end('seven 7');
  });
  await fetch(url);
  expect((await ended).responseBytes).toBe(7);
});

test('a client that leaves before the end counts as 499', async () => {
  const { url, ended } = await serve((response) => {
    response.writeHead(200);
    response.write('a part');
  });
  const request = openRequest(url, (response) => response.once('data', () => request.destroy()));
  request.on('error', () => {});
  request.end();
  expect(await ended).toMatchObject({ status: 499 });
});

test('a response that nobody observes takes a report without harm', () => {
  expect(() => reportBodyBytes({} as ServerResponse, 1)).not.toThrow();
});

test('every body byte counts, however it is written', async () => {
  const { url, ended } = await serve((response) => {
    response.writeHead(200, { 'content-length': 12 });
    response.write('ä', 'latin1');
    response.write(Buffer.from('ä'));
    response.write('w6Q=', 'base64');
    response.write(new Uint8Array(3), () => {});
    response.end('four', () => {});
  });
  await (await fetch(url)).arrayBuffer();
  expect((await ended).responseBytes).toBe(1 + 2 + 2 + 3 + 4);
});

test.each([
  ['HEAD', 200],
  ['GET', 204],
  ['GET', 304],
])('an answer to %s with %i has no body, whatever was written', async (method, status) => {
  const { url, ended } = await serve((response) => {
    response.statusCode = status;
    response.end('not sent');
  });
  await fetch(url, { method });
  expect(await ended).toMatchObject({ status, responseBytes: 0 });
});

test('a response is observed once, however often it is asked for', async () => {
  const other: RouteMetrics = { pattern: '/other', begin: () => {}, leave: () => {}, end: () => {} };
  const { url, ended, begun } = await serve((response, request) => {
    observeResponse(request, response, other);
    response.end('once');
  });
  await fetch(url);
  expect([(await ended).responseBytes, begun()]).toEqual([4, 1]);
});
