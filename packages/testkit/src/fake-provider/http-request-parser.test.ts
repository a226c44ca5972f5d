import { expect, test } from 'vitest';
import type { HttpRequest } from './http-request-parser.ts';
import { HttpRequestParser, MalformedRequestError } from './http-request-parser.ts';

function parseAll(text: string, step = text.length): readonly HttpRequest[] {
  const parser = new HttpRequestParser();
  const bytes = Buffer.from(text, 'latin1');
  const requests: HttpRequest[] = [];
  for (let from = 0; from < bytes.length; from += step) {
    parser.push(bytes.subarray(from, from + step));
    for (let request = parser.next(); request !== null; request = parser.next()) requests.push(request);
  }
  return requests;
}

const POST = 'POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nX-Two: a\r\nx-two: b \r\n';

for (const step of [1, 3, 1000]) {
  test(`pipelined requests with length, chunks and no body come out whole when fed ${step} bytes at a time`, () => {
    const requests = parseAll(
      `${POST}Content-Length: 5\r\n\r\nhello` +
        `${POST}Transfer-Encoding: chunked\r\n\r\n3;note=x\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n` +
        `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n` +
        'GET /v1/models HTTP/1.0\r\n\r\n',
      step,
    );
    expect(requests.map(({ body }) => body.toString())).toEqual(['hello', 'abc0123456789', '', '']);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      target: '/v1/x?a=1',
      path: '/v1/x',
      version: '1.1',
      keepAlive: true,
      rawHeaders: [
        ['Host', 'h'],
        ['X-Two', 'a'],
        ['x-two', 'b'],
        ['Content-Length', '5'],
      ],
    });
    expect(requests[0]?.headers['x-two']).toBe('a, b');
    expect(requests[3]).toMatchObject({ method: 'GET', version: '1.0', keepAlive: false });
  });
}

test('an incomplete request stays inside', () => {
  expect(parseAll(`${POST}Content-Length: 5\r\n\r\nhell`)).toEqual([]);
  expect(parseAll(`${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`)).toEqual([]);
});

const malformed: Readonly<Record<string, string>> = {
  'a bare line feed': 'GET / HTTP/1.1\nHost: h\r\n\r\n',
  'no host': 'GET / HTTP/1.1\r\n\r\n',
  'two hosts': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'a space before the colon': 'GET / HTTP/1.1\r\nHost : h\r\n\r\n',
  'a folded header': 'GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n',
  'a NUL in a header': 'GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n',
  'both framings': `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'two lengths': `${POST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
  'a signed length': `${POST}Content-Length: +3\r\n\r\nabc`,
  'an unknown coding': `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'a chunk size that is not hexadecimal': `${POST}Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n`,
  'a chunk longer than its size': `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n`,
  'another version': 'GET / HTTP/2.0\r\nHost: h\r\n\r\n',
};

for (const [name, text] of Object.entries(malformed)) {
  test(`${name} is refused`, () => {
    expect(() => parseAll(text)).toThrow(MalformedRequestError);
  });
}
