import { expect, it } from 'vitest';
import { readLokiTarget } from './loki-target.ts';

it.each([
  ['http://loki:3100', 'http://loki:3100/loki/api/v1/push'],
  ['http://loki:3100/', 'http://loki:3100/loki/api/v1/push'],
  ['http://loki:3100/loki/api/v1/push', 'http://loki:3100/loki/api/v1/push'],
  ['https://logs.example.com/prefix/', 'https://logs.example.com/prefix/loki/api/v1/push'],
])('pushes for %s to %s', (url, expected) => {
  expect(readLokiTarget({ url })).toEqual({ url: expected, headers: {} });
});

it('takes user and password out of the URL, or from beside it', () => {
  const expected = {
    url: 'http://loki:3100/loki/api/v1/push',
    headers: {
      'x-scope-orgid': 'team-a',
      authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    },
  };
  expect(readLokiTarget({ url: 'http://me:p%40ss@loki:3100', tenant: 'team-a' })).toEqual(expected);
  expect(
    readLokiTarget({ url: 'http://loki:3100', username: 'me', password: 'p@ss', tenant: 'team-a' }),
  ).toEqual(expected);
});

it('says what is wrong without showing it', () => {
  expect(readLokiTarget({ url: 'loki with s3cret' })).toMatch(/cannot be read/);
  expect(readLokiTarget({ url: 'ftp://u:s3cret@loki' })).toBe(
    'the URL of Loki must begin with http:// or https://, not ftp:',
  );
  expect(readLokiTarget({ url: 'http://loki', tenant: 'a\r\nb: c' })).toMatch(/tenant/);
});
