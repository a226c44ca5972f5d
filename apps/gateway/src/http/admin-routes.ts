import type { HealthDashboard } from '@gatewayz/observability';
import type { CircuitBreaker } from '@gatewayz/provider-health';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { log } from '../log.ts';
import type { Provider } from '../providers/provider.ts';
import { ApiError, invalidRequest } from './api-error.ts';
import { requireToken } from './require-token.ts';

const commandSchema = z.strictObject({
  state: z.enum(['forced_open', 'forced_closed', 'auto']),
  reason: z.string().max(200).default(''),
  /** Only this model's breaker; the provider's own where absent. */
  model: z.string().max(256).optional(),
});
type BreakerCommand = z.output<typeof commandSchema>;

/** What the admin routes act on. */
export interface AdminParts {
  readonly providers: readonly Provider[];
  readonly dashboard: HealthDashboard;
  /** `null`: there is no admin API. */
  readonly token: string | null;
}

/** Adds what an operator needs in an incident: how every provider stands, and a hand on its breaker. */
export function addAdminRoutes(server: FastifyInstance, { providers, dashboard, token }: AdminParts): void {
  const onRequest = token === null ? refuseAll : requireToken(token, '/admin');

  server.get('/admin/providers', { onRequest }, (_, reply) =>
    reply.header('content-type', 'application/json').send(dashboard.json()),
  );
  server.post<{ Params: { id: string } }>('/admin/providers/:id/breaker', { onRequest }, (request) => {
    const provider = providers.find(({ name }) => name === request.params.id);
    if (provider === undefined) {
      throw invalidRequest('There is no such provider.', { status: 404, code: 'unknown_provider' });
    }
    const command = readCommand(request.body as Buffer | undefined);
    const breaker = findBreaker(provider, command.model);
    force(breaker, command);
    const { state, reason, model = null } = command;
    log('warn', 'an operator changed a breaker', { provider: provider.name, model, state, reason });
    return {
      provider: provider.name,
      model,
      circuit_breaker: breaker.state(performance.now()).kind,
      circuit_breaker_state: breaker.visibleState(performance.now()),
    };
  });
}

function refuseAll(): never {
  throw new ApiError({
    status: 403,
    type: 'permission_error',
    code: 'admin_disabled',
    message: 'There is no admin API: ADMIN_TOKEN is not set.',
  });
}

function readCommand(body: Buffer | undefined): BreakerCommand {
  const parsed = commandSchema.safeParse(parse(body));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalidRequest(issue?.message ?? 'The body is not valid.', { param: issue?.path.join('.') ?? null });
}

function parse(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    throw invalidRequest('The body is not valid JSON.');
  }
}

function findBreaker(provider: Provider, model: string | undefined): CircuitBreaker {
  if (model === undefined) return provider.health.breaker;
  for (const target of provider.health.models()) if (target.model === model) return target.breaker;
  throw invalidRequest('The provider has not been asked for this model yet.', {
    status: 404,
    code: 'unknown_model',
    param: 'model',
  });
}

function force(breaker: CircuitBreaker, { state, reason }: BreakerCommand): void {
  const now = performance.now();
  if (state === 'forced_open') breaker.forceOpen(reason, now);
  else if (state === 'forced_closed') breaker.forceClosed(reason, now);
  else breaker.auto(now);
}
