import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SnapshotCache, SnapshotName } from '../cache/snapshot-cache.ts';
import { HEALTH_STATES } from '../core/types.ts';
import type { ModelView, ProviderView } from '../monitor/health-views.ts';
import type { SnapshotPublisher } from '../monitor/snapshot-publisher.ts';
import { HttpError } from './http-error.ts';
import { integer, readInput } from './read-input.ts';

const page = {
  status: z.enum(HEALTH_STATES).optional(),
  limit: integer(1, 10_000).default(1000),
  offset: integer(0, 1_000_000).default(0),
};
const modelsQuery = z.strictObject({
  ...page,
  provider: z.string().max(256).optional(),
  model: z.string().max(256).optional(),
});
const providersQuery = z.strictObject(page);

type Page = { readonly limit: number; readonly offset: number };

/** Adds the lists of models, providers and gateways, each from its snapshot: what every replica says. */
export function addListRoutes(
  server: FastifyInstance,
  cache: SnapshotCache,
  publisher: SnapshotPublisher,
): void {
  const readModels = createReader<{ timestamp: string; models: readonly ModelView[] }>('models_health');
  const readProviders = createReader<{ timestamp: string; providers: readonly ProviderView[] }>(
    'providers_health',
  );

  /** Parses a snapshot; one that is the same as before is not parsed again. */
  function createReader<Content>(name: SnapshotName): () => Promise<Content> {
    let lastText = '';
    let last: Content | null = null;
    return async () => {
      let text = await cache.get(name);
      if (text === null) {
        await publisher.publish();
        text = await cache.get(name);
      }
      if (text === null) throw new HttpError(503, 'Nothing is known yet.');
      if (last === null || text !== lastText) [lastText, last] = [text, JSON.parse(text) as Content];
      return last;
    };
  }

  server.get('/models', async (request) => {
    const query = readInput(modelsQuery, request.query);
    const { timestamp, models } = await readModels();
    const found = models.filter(
      ({ status, provider, model }) =>
        matches(query.status, status) && matches(query.provider, provider) && matches(query.model, model),
    );
    return { timestamp, total: found.length, models: cut(found, query) };
  });

  server.get('/providers', async (request) => {
    const query = readInput(providersQuery, request.query);
    const { timestamp, providers } = await readProviders();
    const found = providers.filter(({ status }) => matches(query.status, status));
    return { timestamp, total: found.length, providers: cut(found, query) };
  });

  server.get('/gateways', async (request) => {
    const query = readInput(providersQuery, request.query);
    const { timestamp, providers } = await readProviders();
    const found = providers.filter(({ is_gateway, status }) => is_gateway && matches(query.status, status));
    return { timestamp, total: found.length, gateways: cut(found, query) };
  });
}

function matches(wanted: string | undefined, value: string): boolean {
  return wanted === undefined || wanted === value;
}

function cut<Item>(items: readonly Item[], { limit, offset }: Page): readonly Item[] {
  return items.slice(offset, offset + limit);
}
