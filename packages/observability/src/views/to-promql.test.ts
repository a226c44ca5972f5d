import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  average,
  collapse,
  compare,
  current,
  is,
  multiply,
  plus,
  quantile,
  rate,
  share,
} from './expression.ts';
import { toPromql, toPromqlString } from './to-promql.ts';
import { viewDefinitions } from './view-definitions.ts';

const scope = { windowSeconds: 300, matches: [], selector: '' };

test.each([
  [current('sum', 'a_total'), 'sum(a_total)'],
  [current('max', 'a', ['b', 'c'], [is('d', 'e')]), 'max by (b, c) (a{d="e"})'],
  [rate('a_total', ['b']), 'sum by (b) (rate(a_total[5m]))'],
  [average('a_seconds'), '(sum(rate(a_seconds_sum[5m])) / sum(rate(a_seconds_count[5m])))'],
  [quantile(0.95, 'a', ['b']), 'histogram_quantile(0.95, sum by (le, b) (rate(a_bucket[5m])))'],
  [share(rate('a'), rate('b')), '((sum(rate(a[5m])) or sum(rate(b[5m])) * 0) / sum(rate(b[5m])))'],
  [plus(current('sum', 'a'), current('sum', 'b')), '((sum(a) or sum(b) * 0) + (sum(b) or sum(a) * 0))'],
  [multiply(current('sum', 'a'), current('sum', 'b')), '(sum(a) * sum(b))'],
  [collapse('count', compare(current('avg', 'a', ['b']), '>=', 0.5)), 'count((avg by (b) (a) >= bool 0.5))'],
])('an expression is printed as PromQL', (expression, promql) => {
  expect(toPromql(expression, scope)).toBe(promql);
});

test('window, filters and selector are put into every selector', () => {
  const printed = toPromql(share(rate('a', [], [is('c', 'd')]), rate('b')), {
    windowSeconds: 90,
    matches: [is('provider', 'groq')],
    selector: 'env="production"',
  });
  const own = 'provider="groq",env="production"';
  expect(printed).toContain(`rate(a{c="d",${own}}[90s])`);
  expect(printed.split(`rate(b{${own}}[90s])`)).toHaveLength(3);
});

describe('whatever a filter holds', () => {
  /** What PromQL's lexer takes for strings, as it takes them; the rest of the query around them. */
  function cutStrings(promql: string): { readonly strings: readonly string[]; readonly rest: string } {
    const strings: string[] = [];
    const rest = promql.replace(/"((?:[^"\\\n]|\\.)*)"/g, (_, inner: string) => {
      strings.push(inner.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)));
      return '""';
    });
    return { strings, rest };
  }
  const wild = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '\n', '}', ')', '{', 'n', '#', '`', "'", ' ', 'or') }),
  );

  test('a string stays one string', () => {
    fc.assert(
      fc.property(wild, (value) => {
        expect(cutStrings(toPromqlString(value))).toEqual({ strings: [value], rest: '""' });
      }),
    );
  });

  test('the query around it stays the same', () => {
    fc.assert(
      fc.property(wild, fc.constantFrom(...viewDefinitions), (value, { expression }) => {
        const print = (model: string) =>
          cutStrings(toPromql(expression, { ...scope, matches: [is('model', model)] }));
        const [given, plain] = [print(value), print('plain')];
        expect(given.rest).toBe(plain.rest);
        expect(given.strings).toEqual(plain.strings.map((text) => (text === 'plain' ? value : text)));
      }),
    );
  });
});
