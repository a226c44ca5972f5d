import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { guardCommands } from './guard-commands.ts';
import { HttpError } from './http-error.ts';
import { readInput } from './read-input.ts';

const command = z.strictObject({
  provider: z.string().min(1).max(256).optional(),
  model: z.string().min(1).max(256).optional(),
});

/** Which targets: everything where neither is named. */
export interface TriggerCommand {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
}

/** Adds `POST /check/trigger`: makes targets due now. They are still probed within every bound. */
export function addTriggerRoute(
  server: FastifyInstance,
  adminToken: string | null,
  trigger: (command: TriggerCommand) => number,
): void {
  server.post('/check/trigger', { onRequest: guardCommands(adminToken) }, (request, reply) => {
    const triggered = trigger(readInput(command, request.body));
    if (triggered === 0) throw new HttpError(404, 'There is no such target.');
    return reply.code(202).send({ status: 'accepted', triggered, timestamp: new Date().toISOString() });
  });
}
