import type { FastifyInstance } from 'fastify';
import type { Catalogue } from '../providers/catalogue.ts';

/** Adds `GET /v1/models`: every name that may be asked for, in OpenAI's shape. */
export function addModelsRoute(server: FastifyInstance, catalogue: Catalogue): void {
  const created = Math.floor(Date.now() / 1000);
  server.get('/v1/models', { config: { needsKey: true } }, () => ({
    object: 'list',
    data: catalogue.list().map(({ id, providers }) => ({
      id,
      object: 'model',
      created,
      owned_by: providers[0] ?? 'gatewayz',
      providers,
    })),
  }));
}
