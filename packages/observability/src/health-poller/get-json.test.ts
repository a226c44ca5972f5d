import { createServer } from 'node:net';
import {
  type FakeHealthService,
  freePort,
  type HealthScript,
  startFakeHealthService,
} from '@gatewayz/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getJson } from './get-json.ts';
import { toHealthPollError } from './health-poll-error.ts';

let service: FakeHealthService;

beforeEach(async () => {
  service = await startFakeHealthService();
});
afterEach(() => service.close());

const get = (url: string, signal = new AbortController().signal): Promise<unknown> =>
  getJson(new URL(url), { signal, maxBytes: 1_000_000 });

/** What a fetch of this script ends with: its value, or its reason. */
async function fetchScript(script: HealthScript): Promise<unknown> {
  service.setScript('/status', script);
  return get(`${service.url}/status`).catch((error: unknown) => toHealthPollError(error).reason);
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

describe('requests', () => {
  test('ask for JSON that nobody compressed, and leave no connection behind', async () => {
    expect(await get(`${service.url}/health`)).toMatchObject({ status: 'healthy' });
    expect(service.log[0]?.headers).toMatchObject({
      accept: 'application/json',
      'accept-encoding': 'identity',
    });
    await until(() => service.stats().openConnections === 0);
  });

  test('carry the credentials of the URL', async () => {
    await get(`http://user:secret@127.0.0.1:${service.port}/health`);
    expect(service.log[0]?.headers.authorization).toBe(`Basic ${btoa('user:secret')}`);
  });

  test('an abort ends a request wherever it is, and its connection', async () => {
    for (const script of [{ kind: 'hang' }, { kind: 'stall', afterBytes: 10 }] as const) {
      service.setScript('/status', script);
      const leaving = new AbortController();
      const fetched = get(`${service.url}/status`, leaving.signal).catch(() => 'ended');
      await until(() => service.stats().open === 1);
      leaving.abort();
      expect(await fetched).toBe('ended');
      await until(() => service.stats().openConnections === 0);
    }
  });
});

describe('answers', () => {
  test('a byte order mark is no part of the document', async () => {
    expect(await fetchScript({ kind: 'reply', body: '\uFEFF{"a":1}' })).toEqual({ a: 1 });
  });

  test.each([204, 302, 404, 500, 503])('%d is a failure by status', async (status) => {
    expect(await fetchScript({ kind: 'reply', status, body: '{}' })).toBe('status');
  });

  test('the body of a failure is not read, and its connection not left open', async () => {
    expect(await fetchScript({ kind: 'reply', status: 500, body: 'x'.repeat(8_000_000) })).toBe('status');
    await until(() => service.stats().openConnections === 0);
  });

  test('a redirect is not followed', async () => {
    const headers = { location: `${service.url}/health` };
    expect(await fetchScript({ kind: 'reply', status: 307, headers, body: '' })).toBe('status');
    expect(service.stats().requests['/health']).toBe(0);
  });

  test('an answer of exactly the cap is read, one byte more is not, whether it is announced or not', async () => {
    const body = (bytes: number): string => JSON.stringify('x'.repeat(bytes - 2));
    expect(await fetchScript({ kind: 'reply', body: body(1_000_000) })).toHaveLength(999_998);
    expect(await fetchScript({ kind: 'reply', body: body(1_000_001) })).toBe('too_large');
    expect(await fetchScript({ kind: 'flood', totalBytes: 1_000_001 })).toBe('too_large');
  });

  test.each([
    ['cut', { kind: 'cut', afterBytes: 20 }, 'network'],
    ['no answer', { kind: 'drop' }, 'network'],
    ['HTML', { kind: 'reply', body: '<!doctype html>' }, 'malformed'],
    ['nothing', { kind: 'reply', body: '' }, 'malformed'],
    ['no UTF-8', { kind: 'reply', body: new Uint8Array([0x7b, 0xff, 0x00]) }, 'malformed'],
  ] as const)('%s is a failure', async (_name, script, reason) => {
    expect(await fetchScript(script)).toBe(reason);
  });

  test('what is no HTTP is malformed', async () => {
    const server = createServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.6\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const reason = get(`http://127.0.0.1:${port}/health`).catch((error) => toHealthPollError(error).reason);
    expect(await reason).toBe('malformed');
    await new Promise((resolve) => server.close(resolve));
  });

  test('a port where nothing listens refuses, by number and by name', async () => {
    const port = await freePort();
    for (const host of ['127.0.0.1', 'localhost']) {
      const reason = get(`http://${host}:${port}/`).catch((error) => toHealthPollError(error).reason);
      expect(await reason).toBe('refused');
    }
  });

  test('plain HTTP where TLS is spoken to is a failure of the network', async () => {
    const url = `https://127.0.0.1:${service.port}/health`;
    expect(await get(url).catch((error) => toHealthPollError(error).reason)).toBe('network');
  });
});
