import { expect, test } from 'vitest';
import { readQueryAnswer } from './read-query-answer.ts';

const answer = (result: unknown, resultType = 'vector') =>
  JSON.stringify({ status: 'success', data: { resultType, result } });

test('a vector is read, its numbers with infinities and NaN', () => {
  const elements = ['1.5', '+Inf', '-Inf', 'NaN'].map((value, index) => ({
    metric: { index: `${index}` },
    value: [1, value],
  }));
  expect(readQueryAnswer(answer(elements)).map(({ value }) => value)).toEqual([
    1.5,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);
  expect(readQueryAnswer(answer([]))).toEqual([]);
});

test.each([
  ['HTML', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['an error', JSON.stringify({ status: 'error', error: 'no' })],
  ['a matrix', answer([], 'matrix')],
  ['an element without a value', answer([{ metric: {} }])],
  ['an element without labels', answer([{ value: [1, '1'] }])],
  ['a value that is no string', answer([{ metric: {}, value: [1, 1] }])],
  ['a label that is no string', answer([{ metric: { a: 1 }, value: [1, '1'] }])],
])('%s is refused', (_, text) => {
  expect(() => readQueryAnswer(text)).toThrow(expect.objectContaining({ reason: 'invalid' }));
});
