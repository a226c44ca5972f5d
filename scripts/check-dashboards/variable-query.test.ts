import { expect, test } from 'vitest';
import { toVariableExpression } from './variable-query.ts';

test.each([
  ['label_values(a{b="c", d=~"e,f"}, g)', 'count by (g) (a{b="c", d=~"e,f"})'],
  ['label_values(g)', 'count by (g) ({g!=""})'],
  [{ query: 'label_values(a,g)', refId: 'A' }, 'count by (g) (a)'],
  ['query_result(topk(3, a))', 'topk(3, a)'],
  ['metrics(fastapi_)', 'count by (__name__) ({__name__=~".*fastapi_.*"})'],
  ['a, b, c', null],
  [7, null],
])('the variable query %j asks for %j', (query, expression) => {
  expect(toVariableExpression(query)).toBe(expression);
});
