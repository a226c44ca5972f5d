import Fastify from 'fastify';
import { expect, test } from 'vitest';
import type { Explanation } from '../explanations.ts';
import { addExplainRoute } from './explain-route.ts';

test('a request that ended in this turn of the event loop is explained, though it is yet to be reported', async () => {
  await using server = Fastify();
  const known = new Map<string, Explanation>();
  server.addHook('preHandler', (_, __, done) => {
    // As with an answer that was given in this very turn.
    setImmediate(() => known.set('r', { id: 'r' } as Explanation));
    done();
  });
  addExplainRoute(server, { add() {}, find: (id) => known.get(id) ?? null });
  const answer = await server.inject('/v1/requests/r/explain');
  expect([answer.statusCode, answer.json()]).toEqual([200, { id: 'r' }]);
});
