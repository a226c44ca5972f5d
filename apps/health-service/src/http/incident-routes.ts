import { SqlError } from '@gatewayz/database';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { IncidentBook } from '../core/incidents.ts';
import { INCIDENT_SEVERITIES, INCIDENT_STATUSES, type Incident, type IncidentStatus } from '../core/types.ts';
import type { HealthViews } from '../monitor/health-views.ts';
import type { HealthStore, IncidentQuery } from '../store/health-store.ts';
import { guardCommands } from './guard-commands.ts';
import { HttpError } from './http-error.ts';
import { integer, readInput } from './read-input.ts';
import { selectIncidents } from './select-incidents.ts';

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
  /** Whether those that a wider one took in are listed too. */
  absorbed: z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(false),
  limit: integer(1, 500).default(50),
  /** The id of the last incident of the page before. */
  before: z.string().max(128).optional(),
});
/** Control characters and halves of characters have no place in a log or a terminal. */
const PERSON = /^[^\p{Cc}\p{Cs}]{1,100}$/u;
const acknowledgement = z.strictObject({
  by: z.string().trim().regex(PERSON, 'expected a name of 1 to 100 printable characters').default('operator'),
});

/** What the routes of incidents act on. */
export interface IncidentParts {
  readonly store: HealthStore;
  readonly views: HealthViews;
  readonly adminToken: string | null;
  /** The active incidents as they stand now, which the store may not have yet. */
  readonly active: Pick<IncidentBook, 'active' | 'get'>;
  /** Null where no such incident is open. */
  readonly acknowledge: (id: string, by: string) => Incident | null;
}

/** Adds the list of incidents, one incident, and its acknowledgement. */
export function addIncidentRoutes(server: FastifyInstance, parts: IncidentParts): void {
  const { store, views, adminToken } = parts;
  const find = async (id: string): Promise<Incident> => {
    const incident = parts.active.get(id) ?? (await store.incident(id));
    if (incident === null) throw new HttpError(404, 'There is no such incident.');
    return incident;
  };

  server.get('/incidents', async (request) => {
    const { status, severity, provider, absorbed, limit, before } = readInput(query, request.query);
    const { incidents, isComplete } = await readIncidents(parts, {
      limit,
      absorbed,
      ...(status === undefined ? {} : { statuses: status.flatMap(toStatuses) }),
      ...(severity === undefined ? {} : { severities: severity }),
      ...(provider === undefined ? {} : { provider }),
      ...(before === undefined ? {} : { before }),
    });
    const last = incidents.at(-1);
    return {
      timestamp: new Date().toISOString(),
      incidents: incidents.map((incident) => views.incident(incident)),
      is_complete: isComplete,
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

/** While the database is away, those that are active are still known. */
async function readIncidents(
  { store, active }: IncidentParts,
  query: IncidentQuery,
): Promise<{ readonly incidents: readonly Incident[]; readonly isComplete: boolean }> {
  try {
    return { incidents: await store.incidents(query), isComplete: true };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return { incidents: selectIncidents(active.active(), query), isComplete: false };
  }
}

function toStatuses(status: 'active' | IncidentStatus): readonly IncidentStatus[] {
  return status === 'active' ? ['open', 'acknowledged'] : [status];
}
