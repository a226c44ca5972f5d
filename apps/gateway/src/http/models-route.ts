import type { FastifyInstance } from 'fastify';
import type { KeyRecord } from '../accounts/key-finding.ts';
import type { Catalogue } from '../providers/catalogue.ts';

type Entry = ReturnType<Catalogue['list']>[number];

/** Adds `GET /v1/models`: every name that may be asked for with the key that asks, in OpenAI's shape. */
export function addModelsRoute(server: FastifyInstance, catalogue: Catalogue): void {
  const created = Math.floor(Date.now() / 1000);
  server.get('/v1/models', { config: { needsKey: true } }, ({ caller }) => ({
    object: 'list',
    data: listFor(caller?.key ?? null, catalogue.list()).map(({ id, providers }) => ({
      id,
      object: 'model',
      created,
      owned_by: providers[0] ?? 'gatewayz',
      providers,
    })),
  }));
}

/** What the key is for, of all that there is. */
function listFor(
  key: Pick<KeyRecord, 'models' | 'providers'> | null,
  all: readonly Entry[],
): readonly Entry[] {
  if (key === null) return all;
  const { models, providers: allowed } = key;
  const ofKey = models === null ? all : all.filter(({ id }) => models.has(id));
  if (allowed === null) return ofKey;
  return ofKey
    .map(({ id, providers }) => ({ id, providers: providers.filter((name) => allowed.has(name)) }))
    .filter(({ providers }) => providers.length > 0);
}
