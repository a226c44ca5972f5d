import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { INCIDENT_SEVERITIES, INCIDENT_STATUSES, type Incident, type IncidentStatus } from '../core/types.ts';
import type { HealthViews } from '../monitor/health-views.ts';
import type { HealthStore } from '../store/health-store.ts';
import { guardCommands } from './guard-commands.ts';
import { HttpError } from './http-error.ts';
import { readInput } from './server.ts';

const list = <Value extends string>(allowed: readonly [Value, ...Value[]]) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(allowed)))
    .optional();

const query = z.strictObject({
  status: list(['active', ...INCIDENT_STATUSES]),
  severity: list(INCIDENT_SEVERITIES),
  provider: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** The id of the last incident of the page before. */
  before: z.string().max(128).optional(),
});
const acknowledgement = z.strictObject({ by: z.string().min(1).max(100).default('operator') });

/** What the routes of incidents act on. */
export interface IncidentParts {
  readonly store: HealthStore;
  readonly views: HealthViews;
  readonly adminToken: string | null;
  /** An active incident as it stands now, which the store may not have yet. */
  readonly active: (id: string) => Incident | null;
  /** Null where no such incident is open. */
  readonly acknowledge: (id: string, by: string) => Incident | null;
}

/** Adds the list of incidents, one incident, and its acknowledgement. */
export function addIncidentRoutes(server: FastifyInstance, parts: IncidentParts): void {
  const { store, views, adminToken } = parts;
  const find = async (id: string): Promise<Incident> => {
    const incident = parts.active(id) ?? (await store.incident(id));
    if (incident === null) throw new HttpError(404, 'There is no such incident.');
    return incident;
  };

  server.get('/incidents', async (request) => {
    const { status, severity, provider, limit, before } = readInput(query, request.query);
    const incidents = await store.incidents({
      limit,
      ...(status === undefined ? {} : { statuses: status.flatMap(toStatuses) }),
      ...(severity === undefined ? {} : { severities: severity }),
      ...(provider === undefined ? {} : { provider }),
      ...(before === undefined ? {} : { before }),
    });
    const last = incidents.at(-1);
    return {
      timestamp: new Date().toISOString(),
      incidents: incidents.map((incident) => views.incident(incident)),
      next_before: incidents.length === limit && last !== undefined ? last.id : null,
    };
  });

  server.get<{ Params: { id: string } }>('/incidents/:id', async ({ params }) =>
    views.incident(await find(params.id)),
  );

  server.post<{ Params: { id: string } }>(
    '/incidents/:id/acknowledge',
    { onRequest: guardCommands(adminToken) },
    async ({ params, body }) => {
      const { by } = readInput(acknowledgement, body);
      const incident = parts.acknowledge(params.id, by) ?? (await find(params.id));
      if (incident.status === 'resolved') throw new HttpError(409, 'The incident has been resolved.');
      return views.incident(incident);
    },
  );
}

function toStatuses(status: 'active' | IncidentStatus): readonly IncidentStatus[] {
  return status === 'active' ? ['open', 'acknowledged'] : [status];
}
