import { expect, test } from 'vitest';
import { createRouteMethods } from './route-methods.ts';

const methods = createRouteMethods();
methods.add('POST', '/v1/chat/completions');
methods.add('GET', '/v1/models');
methods.add('HEAD', '/v1/models');
methods.add('GET', '/v1/requests/:id/explain');
methods.add('POST', '/v1/requests/:id/:what');

test.each([
  ['/v1/chat/completions', ['POST']],
  ['/v1/chat/completions/', ['POST']],
  ['/v1/chat/completions?a=/b', ['POST']],
  ['/v1/models', ['GET', 'HEAD']],
  ['/v1/requests/7/explain', ['GET', 'POST']],
  ['/v1/requests/7/other', ['POST']],
])('%s knows its methods', (url, known) => {
  expect(methods.of(url)).toEqual(known);
});

test.each(['/', '', '/v1', '/v1/models/more', '/v1//models', '/V1/models', '/v1/requests//explain'])(
  '"%s" is no path of a route',
  (url) => {
    expect(methods.of(url)).toEqual([]);
  },
);
