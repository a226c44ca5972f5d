import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { findRequestFlaw } from './find-request-flaw.ts';

interface Parts {
  readonly url?: string;
  readonly version?: readonly [number, number];
  readonly headers?: readonly (readonly [string, string])[];
}

function request({
  url = '/health',
  version = [1, 1],
  headers = [['Host', 'x:8000']],
}: Parts = {}): IncomingMessage {
  const parsed = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = parsed.get(key);
    if (before === undefined) parsed.set(key, value);
    else if (key !== 'host') parsed.set(key, `${before}, ${value}`);
  }
  const [httpVersionMajor, httpVersionMinor] = version;
  const rawHeaders = headers.flat();
  const made = { url, httpVersionMajor, httpVersionMinor, rawHeaders, headers: Object.fromEntries(parsed) };
  return made as unknown as IncomingMessage;
}

const HOST = ['host', 'x'] as const;

describe('a request without a flaw', () => {
  test.each<[string, Parts]>([
    ['is a plain one', {}],
    ['may name an IPv6 host', { headers: [['host', '[::1]:8000']] }],
    ['may name an empty host', { headers: [['host', '']] }],
    ['may be chunked', { headers: [HOST, ['transfer-encoding', 'Chunked']] }],
    ['may wait for permission', { headers: [HOST, ['expect', '100-Continue']] }],
    ['may be of HTTP/1.0 without a host', { version: [1, 0], headers: [] }],
  ])('%s', (_, parts) => {
    expect(findRequestFlaw(request(parts))).toBeNull();
  });
});

test.each<[string, Parts]>([
  ['a target that is a whole URL', { url: 'http://x/health' }],
  ['a target that is no path', { url: '*' }],
  ['no target', { url: '' }],
  ['HTTP/0.9', { version: [0, 9] }],
  ['no host', { headers: [] }],
  ['two hosts', { headers: [HOST, ['Host', 'x']] }],
  ['two hosts in HTTP/1.0', { version: [1, 0], headers: [HOST, HOST] }],
  ['a host with a path', { headers: [['host', 'x/y']] }],
  ['a host with a user', { headers: [['host', 'a@b']] }],
  ['another transfer coding', { headers: [HOST, ['transfer-encoding', 'gzip, chunked']] }],
  [
    'two transfer codings',
    { headers: [HOST, ['transfer-encoding', 'chunked'], ['transfer-encoding', 'chunked']] },
  ],
  ['chunks in HTTP/1.0', { version: [1, 0], headers: [HOST, ['transfer-encoding', 'chunked']] }],
])('%s is a flaw', (_, parts) => {
  expect(findRequestFlaw(request(parts))).toMatchObject({ status: 400, message: expect.any(String) });
});

test('an expectation that is not known is a flaw of its own kind', () => {
  expect(findRequestFlaw(request({ headers: [HOST, ['expect', 'miracles']] }))).toMatchObject({
    status: 417,
  });
});
