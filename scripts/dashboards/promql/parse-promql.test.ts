import { describe, expect, test } from 'vitest';
import { parsePromql } from './parse-promql.ts';
import { PromqlError } from './promql-tokens.ts';
import { groupedLabelsOf, selectorsOf, walkPromql } from './walk-promql.ts';

const metricsOf = (expression: string): readonly (string | null)[] =>
  selectorsOf(parsePromql(expression)).map(({ metric }) => metric);

test('a selector keeps its name and matchers, a brace inside a string included', () => {
  expect(selectorsOf(parsePromql(`requests_total{path="/a{id}", code=~'5..', user!~\`x"y\`,}`))).toEqual([
    {
      metric: 'requests_total',
      matchers: [
        { label: 'path', operator: '=', value: '/a{id}' },
        { label: 'code', operator: '=~', value: '5..' },
        { label: 'user', operator: '!~', value: 'x"y' },
      ],
    },
  ]);
});

test.each([
  ['rate(a_total[5m]) / on (x) group_left (y) b', ['a_total', 'b']],
  ['sum by (le) (rate(a_bucket[$__rate_interval])) or vector(0)', ['a_bucket']],
  ['sum(a) by (x) and sum without (y) (b) unless c > bool 3', ['a', 'b', 'c']],
  ['histogram_quantile(0.95, sum(rate(a_bucket[5m])) BY (le))', ['a_bucket']],
  ['max_over_time(rate(a[5m])[1h:1m]) offset 1d @ end()', ['a']],
  ['-a ^ 2 + 1e3 * Inf - 0x1f # b', ['a']],
  ['{__name__="a"}', ['a']],
  ['{__name__=~"a.*"}', [null]],
  ['errors:rate:percentage{env=~"$env"}', ['errors:rate:percentage']],
  ['topk(5, a) or quantile(0.5, b)', ['a', 'b']],
  ['sum + 1', ['sum']],
])('of %s the metrics are %j', (expression, metrics) => {
  expect(metricsOf(expression)).toEqual(metrics);
});

test('the labels of groupings and joins are found, but not those that the expression makes', () => {
  const expression = 'sum by (a, z) (label_replace(x, "z", "$1", "b", ".*")) * on (c) group_left (d) y';
  expect(groupedLabelsOf(parsePromql(expression))).toEqual(['c', 'd', 'a']);
});

test('a window is kept as it stands', () => {
  const windows = [...walkPromql(parsePromql('rate(a[$x]) + $slo * max_over_time(b[1h:$y])'))].flatMap(
    (part) => (part.kind === 'window' ? [part.text] : []),
  );
  expect(windows).toEqual(['$x', '1h:$y']);
});

describe('what is no expression is refused, with the place', () => {
  test.each([
    ['sum(', 4],
    ['sum(a', 5],
    ['a{b}', 3],
    ['a{b="c"', 7],
    ['a b', 2],
    ['a ~ b', 2],
    ['rate(a[5m)', 6],
    ['', 0],
    ['a{b>"c"}', 3],
    ['{app="x"} |= "y"', 10],
  ])('%s', (expression, at) => {
    expect(() => parsePromql(expression)).toThrow(PromqlError);
    expect(catchError(() => parsePromql(expression))).toMatchObject({ at });
  });
});

function catchError(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
