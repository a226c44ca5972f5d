import { expect, test } from 'vitest';
import { readViewQuery } from './read-view-query.ts';

const read = (query: string) => readViewQuery(new URLSearchParams(query));

test('without parameters the window is five minutes and nothing is filtered', () => {
  expect(read('')).toEqual({ scope: { windowSeconds: 300, matches: [] }, filters: [] });
});

test.each([
  ['1m', 60],
  ['60s', 60],
  ['90s', 90],
  ['1h', 3600],
  ['3600s', 3600],
])('a window of %s is taken', (window, seconds) => {
  expect(read(`window=${window}`)).toMatchObject({ scope: { windowSeconds: seconds } });
});

test.each([
  '',
  '59s',
  '61m',
  '2h',
  '5',
  '5M',
  '1.5m',
  '-5m',
  '1m30s',
  '5m ',
  '00000005m',
  '5m]) or vector(1)',
])('a window of «%s» is wrong', (window) => {
  expect(readViewQuery(new URLSearchParams({ window }))).toMatchObject({ parameter: 'window' });
});

test('filters become conditions on labels', () => {
  expect(read('provider=groq&model=meta%2Fllama:70b')).toMatchObject({
    scope: {
      matches: [
        { label: 'provider', op: '=', value: 'groq' },
        { label: 'model', op: '=', value: 'meta/llama:70b' },
      ],
    },
    filters: ['provider', 'model'],
  });
});

test.each([
  ['empty', ''],
  ['too long', 'x'.repeat(257)],
  ['with a line feed', 'a\nb'],
  ['with a null', 'a\0'],
])('a filter that is %s is wrong', (_, model) => {
  expect(readViewQuery(new URLSearchParams({ model }))).toMatchObject({ parameter: 'model' });
});

test('a parameter that is unknown, or there twice, is wrong', () => {
  expect(read('providers=a')).toMatchObject({ parameter: 'providers' });
  expect(read('model=a&model=b')).toMatchObject({ parameter: 'model' });
});
