import type { ProviderConfig } from '@gatewayz/config';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { UptimeReader } from '../monitor/uptime-reader.ts';
import { readInput } from './read-input.ts';

const window = z.enum(['5m', '1h', '24h', '7d', '30d']).default('24h');
const ofProviders = z.strictObject({ window, provider: z.string().max(256).optional() });
const ofModels = z.strictObject({
  window,
  provider: z
    .string({
      error: ({ input }) =>
        input === undefined ? 'required: the models of one provider at a time' : undefined,
    })
    .max(256),
  model: z.string().min(1).max(256).optional(),
});

/** Adds uptime over every window, and in buckets for bars. Nothing known is null, never 1 and never 0. */
export function addUptimeRoutes(server: FastifyInstance, uptime: UptimeReader): void {
  server.get('/uptime', () => uptime.summary());
  server.get('/uptime/providers', (request) => {
    const query = readInput(ofProviders, request.query);
    return uptime.providers(query.window, ({ name }) => matches(query.provider, name));
  });
  server.get('/uptime/gateways', async (request) => {
    const query = readInput(ofProviders, request.query);
    const isWanted = ({ name, resells }: ProviderConfig): boolean => resells && matches(query.provider, name);
    const { providers: gateways, ...rest } = await uptime.providers(query.window, isWanted);
    return { ...rest, gateways };
  });
  server.get('/uptime/models', (request) => {
    const { window, provider, model } = readInput(ofModels, request.query);
    return uptime.models(window, provider, model);
  });
}

function matches(wanted: string | undefined, value: string): boolean {
  return wanted === undefined || wanted === value;
}
