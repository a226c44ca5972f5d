import type { Config } from '@gatewayz/config';
import { readConfig } from '@gatewayz/config';
import { type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AccountStage } from '../accounts/account-stage.ts';
import { createExplanations } from '../explanations.ts';
import { createGateway } from '../gateway.ts';
import type { ExchangeRules } from '../inference/exchange.ts';
import { createCatalogue } from '../providers/catalogue.ts';
import { type Sandbox, startSandbox } from '../sandbox/start-sandbox.ts';
import {
  type AccountServer,
  ADMIN_TOKEN,
  CONFIGURED_KEY,
  startAccountServer,
} from './admin/account-server.ts';
import { addAdminRoutes } from './admin-routes.ts';
import { addExplainRoute } from './explain-route.ts';
import { addHealthRoutes } from './health-routes.ts';
import { addInferenceRoutes } from './inference-routes.ts';
import { addModelsRoute } from './models-route.ts';
import { addSandboxRoutes } from './sandbox-routes.ts';

/** Who a route is for. */
type Access = 'everyone' | 'clients' | 'operators' | 'scrapers';

/** Every route of the gateway, and who may call it. */
const ROWS: Readonly<Record<string, Access>> = {
  'GET /health': 'everyone',
  'GET /health/live': 'everyone',
  'GET /health/ready': 'everyone',
  'GET /health/dashboard': 'everyone',
  'GET /metrics': 'scrapers',
  'GET /prometheus/metrics': 'scrapers',
  'GET /prometheus/metrics/:view': 'scrapers',
  'POST /v1/chat/completions': 'clients',
  'POST /v1/completions': 'clients',
  'POST /v1/embeddings': 'clients',
  'GET /v1/models': 'clients',
  'GET /v1/requests/:id/explain': 'clients',
  'GET /v1/usage': 'clients',
  'GET /admin/openapi.json': 'operators',
  'GET /admin/providers': 'operators',
  'POST /admin/providers/:id/breaker': 'operators',
  'POST /admin/users': 'operators',
  'GET /admin/users': 'operators',
  'GET /admin/users/:id': 'operators',
  'PATCH /admin/users/:id': 'operators',
  'POST /admin/users/:id/credits': 'operators',
  'POST /admin/keys': 'operators',
  'GET /admin/keys': 'operators',
  'GET /admin/keys/:id': 'operators',
  'PATCH /admin/keys/:id': 'operators',
  'POST /admin/keys/:id/revoke': 'operators',
  'POST /admin/plans': 'operators',
  'GET /admin/plans': 'operators',
  'POST /admin/subscriptions': 'operators',
  'GET /admin/subscriptions': 'operators',
  'GET /admin/subscriptions/:id': 'operators',
  'POST /admin/subscriptions/:id/cancel': 'operators',
  'POST /admin/trials': 'operators',
  'GET /admin/trials': 'operators',
  'POST /admin/trials/:id/end': 'operators',
  'GET /admin/usage': 'operators',
  // From this machine alone, as these calls are.
  'GET /sandbox/providers': 'everyone',
  'POST /sandbox/providers/:id': 'everyone',
};

const ROLES = [
  'nobody',
  'a client of the configuration',
  'a client',
  'a client whose key was revoked',
  'a client whose key has expired',
  'a client whose account is disabled',
  'a guesser',
  'an operator',
  'a scraper',
] as const;
type Role = (typeof ROLES)[number];

const LET_IN: Readonly<Record<Access, readonly Role[]>> = {
  everyone: ROLES,
  clients: ['a client of the configuration', 'a client'],
  operators: ['an operator'],
  scrapers: ['a scraper'],
};

const METRICS_TOKEN = 'metrics-token-of-the-tests';

/** Which routes each server was given, in the order of the servers. */
const tables = vi.hoisted((): string[][] => []);
vi.mock('fastify', async (importOriginal) => {
  const original = await importOriginal<typeof import('fastify')>();
  const create = (options: FastifyServerOptions): FastifyInstance => {
    const server = original.default(options) as FastifyInstance;
    const table: string[] = [];
    tables.push(table);
    server.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) table.push(`${one} ${url}`);
    });
    return server;
  };
  return { ...original, default: create };
});

function missingFrom(rows: Readonly<Record<string, Access>>, routes: readonly string[]): readonly string[] {
  return [...new Set(routes.map((route) => route.replace(/^HEAD /, 'GET ')))].filter(
    (route) => !Object.hasOwn(rows, route),
  );
}

let folder: TemporaryFolder;
let sandbox: Sandbox;
let server: AccountServer;
let routes: readonly string[];
let tokens: Readonly<Record<Role, string | null>>;

beforeAll(async () => {
  [folder, sandbox] = await Promise.all([temporaryFolder(), startSandbox()]);
  server = await startAccountServer(folder.path, {
    metricsToken: METRICS_TOKEN,
    addMore: (fastify) => addOtherRoutes(fastify),
  });
  routes = tables.at(-1) ?? [];
  tokens = await makeTokens(server.stage);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await sandbox.close();
  await folder.dispose();
});

function addOtherRoutes(fastify: FastifyInstance): void {
  const catalogue = createCatalogue([], [], { refreshMs: 1000, retryMs: 1000 }, () => {});
  const dashboard = { json: () => '{}' };
  addHealthRoutes(fastify, { isDraining: false }, dashboard as never);
  addModelsRoute(fastify, catalogue);
  // Bodies that are no requests end before they need any rules.
  const limits = { admit: () => ({ ok: true, lease: { headers: [], end() {} } }), close() {} } as const;
  addInferenceRoutes(fastify, { rules: {} as ExchangeRules, catalogue, limits, onLimited() {} });
  addExplainRoute(fastify, createExplanations(1));
  addAdminRoutes(fastify, { providers: [], dashboard: dashboard as never, token: ADMIN_TOKEN });
  addSandboxRoutes(fastify, sandbox);
}

async function makeTokens({ accounts, clock, epochNow }: AccountStage): Promise<typeof tokens> {
  for (const id of ['ann', 'bob']) await accounts.users.create({ id });
  const create = (name: string, part = {}) => accounts.keys.create({ userId: 'ann', name, ...part });
  const client = await create('laptop');
  const revoked = await create('lost');
  const expired = await create('old', { expiresAtMs: epochNow() + 1 });
  const disabled = await accounts.keys.create({ userId: 'bob', name: 'x' });
  await accounts.keys.revoke(revoked.key.id);
  await accounts.users.change('bob', { disabled: true });
  clock.advance(1);
  return {
    nobody: null,
    'a client of the configuration': CONFIGURED_KEY,
    'a client': client.token,
    'a client whose key was revoked': revoked.token,
    'a client whose key has expired': expired.token,
    'a client whose account is disabled': disabled.token,
    'a guesser': `${client.token.slice(0, -1)}${client.token.endsWith('A') ? 'B' : 'A'}`,
    'an operator': ADMIN_TOKEN,
    'a scraper': METRICS_TOKEN,
  };
}

/** Which of the methods of a row there are: each GET has its HEAD. */
function methodsOf(row: string): readonly (readonly [method: string, path: string])[] {
  const [method = '', pattern = ''] = row.split(' ');
  const path = pattern.replaceAll(/:\w+/g, 'summary');
  return method === 'GET'
    ? [
        ['GET', path],
        ['HEAD', path],
      ]
    : [[method, path]];
}

describe.each(Object.entries(ROWS))('%s, for %s,', (row, access) => {
  test.each(ROLES)('treats %s as it should', async (role) => {
    for (const [method, path] of methodsOf(row)) {
      const body = method === 'POST' || method === 'PATCH' ? '[]' : undefined;
      const { status, json } = await server.ask(method, path, body, tokens[role]);
      const isRefused = status === 401 || status === 403;
      expect([method, isRefused]).toEqual([method, !LET_IN[access].includes(role)]);
      expect(['unknown_url', 'method_not_allowed', 'internal_error']).not.toContain(json?.error?.code);
    }
  });
});

describe('the route table', () => {
  test('of the tests has a row for each route, and a route for each row', () => {
    expect(missingFrom(ROWS, routes)).toEqual([]);
    expect(Object.keys(ROWS).filter((row) => !routes.includes(row))).toEqual([]);
  });

  test('of the gateway itself has a row for each route', async () => {
    await using place = await temporaryFolder();
    const read = readConfig({ GATEWAYZ_DATA_DIR: place.path, ADMIN_TOKEN, METRICS_TOKEN });
    const config: Config = { ...read.config, server: { ...read.config.server, drainDelayMs: 0 } };
    const gateway = await createGateway(config, read.secrets, await startSandbox());
    const own = tables.at(-1) ?? [];
    await gateway.drain();
    expect(own.length).toBeGreaterThan(10);
    expect(missingFrom(ROWS, own)).toEqual([]);
  });

  test('shows a route that was added without a row', () => {
    expect(missingFrom(ROWS, [...routes, 'DELETE /v1/models', 'HEAD /new'])).toEqual([
      'DELETE /v1/models',
      'GET /new',
    ]);
  });
});
