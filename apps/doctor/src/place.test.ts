import { describe, expect, test } from 'vitest';
import { below, readPlace, showPlace } from './place.ts';

describe('a place', () => {
  test('has its credentials in a header, decoded, and nowhere else', () => {
    expect(readPlace('https://some%40one:p%3Aw@logs.example/x?q=1#f')).toEqual({
      url: 'https://logs.example/x?q=1',
      headers: { authorization: `Basic ${btoa('some@one:p:w')}` },
    });
  });

  test.each(['', 'localhost:8000', 'ftp://host', 'http://', 'javascript:alert(1)'])('is not %j', (text) => {
    expect(readPlace(text)).toBeNull();
  });

  test('is shown without its query, and without a slash at the end', () => {
    expect(showPlace({ url: 'http://host:1/a/?token=x', headers: {} })).toBe('http://host:1/a');
  });

  test.each([
    ['http://host:1', 'http://host:1/ready'],
    ['http://host:1/', 'http://host:1/ready'],
    ['http://host:1/a/?k=v', 'http://host:1/a/ready?k=v'],
  ])('has others below it: %s', (url, expected) => {
    expect(below({ url, headers: {} }, '/ready').url).toBe(expected);
  });
});
