import { expect, test } from 'vitest';
import { placeholder } from '../dashboards/build/explore-link.ts';
import { substituteVariables } from './substitute-variables.ts';

const variables = new Map([
  ['provider', null],
  ['app', 'backend'],
  ['top', '5'],
  ['window', '10m'],
  ['name', 'requests'],
]);

test.each([
  ['a{x="$provider"}', 'a{x=~".*"}'],
  [`a{x!="${placeholder('app')}", y="z"}`, 'a{x=~".*", y="z"}'],
  ['a{x=~"[[app]]|b", z!~"^$app.*"}', 'a{x=~".*", z=~".*"}'],
  [`a{x='${placeholder('provider:regex')}'}`, 'a{x=~".*"}'],
  ['rate(a[$__rate_interval])', 'rate(a[5m])'],
  [`rate(a[${placeholder('__interval')}]) + rate(a[[[window]]])`, 'rate(a[1m]) + rate(a[10m])'],
  ['increase(a[$__range]) / $__range_s', 'increase(a[7200s]) / 7200'],
  ['topk($top, a)', 'topk(5, a)'],
  [`${placeholder('name')}_total{__name__=~"$name.*"}`, 'requests_total{__name__=~"requests.*"}'],
  ['label_replace(a, "x", "$1", "y", "(.*)")', 'label_replace(a, "x", "$1", "y", "(.*)")'],
])('%s becomes %s', (expression, text) => {
  expect(substituteVariables(expression, variables, 2)).toEqual({ kind: 'expression', text });
});

test('what nothing can stand for is named', () => {
  expect(substituteVariables('sum by ($provider) (rate($unknown[5m]))', variables, 1)).toEqual({
    kind: 'unresolved',
    names: ['provider', 'unknown'],
  });
});
