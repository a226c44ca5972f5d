import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Explanations } from '../explanations.ts';
import { ANYBODY } from '../inference/caller.ts';
import { invalidRequest } from './api-error.ts';

/** Adds `GET /v1/requests/:id/explain`: why one of the caller's latest requests was answered as it was. */
export function addExplainRoute(server: FastifyInstance, explanations: Explanations): void {
  server.get<{ Params: { id: string } }>(
    '/v1/requests/:id/explain',
    { config: { needsKey: true } },
    async (request) => {
      // A request may have been answered while its report is still to be made in this turn.
      await nextTurn();
      const explanation = explanations.find(request.params.id, (request.caller ?? ANYBODY).keyId);
      if (explanation !== null) return explanation;
      throw invalidRequest('None of the latest requests with this key has this id.', {
        status: 404,
        code: 'unknown_request',
      });
    },
  );
}
