import { expect, test } from 'vitest';
import { readPromqlNames } from './promql-names.ts';

test('functions, words, strings, ranges and offsets are no metrics', () => {
  const { selectors, grouping } = readPromqlNames(
    'sum by (env, le) (rate(a_total{path!~"/(x|y)",status="5xx"}[5m] offset 1h)) / on (env) group_left b:rate5m > 14.4 and c_seconds unless absent(up{job=~"d.+"})',
  );
  expect(selectors).toEqual([
    { metric: 'a_total', labels: ['path', 'status'] },
    { metric: 'b:rate5m', labels: [] },
    { metric: 'c_seconds', labels: [] },
    { metric: 'up', labels: ['job'] },
  ]);
  expect(grouping).toEqual(['env', 'le', 'env']);
});
