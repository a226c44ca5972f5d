import { expect, test } from 'vitest';
import { prefersExposition } from './prefers-exposition.ts';

const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.1';

test.each([
  [PROMETHEUS, true],
  ['text/plain', true],
  ['TEXT/Plain; version=0.0.4', true],
  ['text/plain, application/json;q=0.5', true],
  ['text/plain;q=0', false],
  ['text/plain;q=many', false],
  ['application/json', false],
  ['application/json, text/plain, */*', false],
  ['text/plain;q=0.5, application/json', false],
  ['text/html,application/xml;q=0.9,*/*;q=0.8', false],
  ['text/plainer', false],
  ['*/*', false],
  ['', false],
  [undefined, false],
])('an Accept of %s asks for Prometheus text: %s', (accept, isAsked) => {
  expect(prefersExposition(accept)).toBe(isAsked);
});
