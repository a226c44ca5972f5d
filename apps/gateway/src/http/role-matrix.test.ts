import { readConfig } from '@gatewayz/config';
import { freePort, type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createGateway, type Gateway } from '../gateway.ts';
import { startSandbox } from '../sandbox/start-sandbox.ts';

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
  'POST /admin/backups': 'operators',
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

const ADMIN_TOKEN = 'admin-token-of-the-tests';
const METRICS_TOKEN = 'metrics-token-of-the-tests';
const CONFIGURED_KEY = 'configured-key-of-the-tests';

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
let gateway: Gateway;
let url: string;
let routes: readonly string[];
let tokens: Readonly<Record<Role, string | null>>;

beforeAll(async () => {
  // The gateway goes by a clock that can be put forward.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  folder = await temporaryFolder();
  const { config, secrets } = readConfig({
    PORT: String(await freePort()),
    GATEWAYZ_DATA_DIR: folder.path,
    GATEWAYZ_KEY: CONFIGURED_KEY,
    ADMIN_TOKEN,
    METRICS_TOKEN,
    LOG_LEVEL: 'error',
  });
  const server = { ...config.server, drainDelayMs: 0 };
  const healthService = { ...config.healthService, embedded: false };
  gateway = await createGateway({ ...config, server, healthService }, secrets, await startSandbox());
  routes = tables.at(-1) ?? [];
  url = await gateway.listen();
  tokens = await makeTokens();
});
afterAll(async () => {
  await gateway.drain();
  vi.useRealTimers();
  await folder.dispose();
});

interface Reply {
  readonly status: number;
  readonly code: unknown;
  readonly json: Readonly<Record<string, unknown>>;
}

async function ask(method: string, path: string, body: string | null, token: string | null): Promise<Reply> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === null ? {} : { 'content-type': 'application/json' }),
    },
    body,
  });
  const text = await response.text();
  const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json') === true;
  const json = isJson ? JSON.parse(text) : {};
  return { status: response.status, code: json.error?.code, json };
}

async function admin(method: string, path: string, body: object = {}): Promise<Reply['json']> {
  const { status, json } = await ask(method, `/admin/${path}`, JSON.stringify(body), ADMIN_TOKEN);
  if (status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
  return json;
}

async function makeTokens(): Promise<typeof tokens> {
  for (const id of ['ann', 'bob']) await admin('POST', 'users', { id });
  const create = (part: object = {}): Promise<Reply['json']> =>
    admin('POST', 'keys', { user_id: 'ann', name: 'test', ...part });
  const client = String((await create()).token);
  const revoked = await create();
  const expired = await create({ expires_at: new Date(Date.now() + 1000).toISOString() });
  const disabled = await create({ user_id: 'bob' });
  await admin('POST', `keys/${revoked.id}/revoke`);
  await admin('PATCH', 'users/bob', { disabled: true });
  vi.setSystemTime(Date.now() + 2000);
  return {
    nobody: null,
    'a client of the configuration': CONFIGURED_KEY,
    'a client': client,
    'a client whose key was revoked': String(revoked.token),
    'a client whose key has expired': String(expired.token),
    'a client whose account is disabled': String(disabled.token),
    'a guesser': `${client.slice(0, -1)}${client.endsWith('A') ? 'B' : 'A'}`,
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
      const body = method === 'POST' || method === 'PATCH' ? '[]' : null;
      const { status, code } = await ask(method, path, body, tokens[role]);
      const isRefused = status === 401 || status === 403;
      expect([method, isRefused]).toEqual([method, !LET_IN[access].includes(role)]);
      expect(['unknown_url', 'method_not_allowed', 'internal_error']).not.toContain(code);
    }
  });
});

describe('the route table', () => {
  test('of the gateway has a row for each route, and a route for each row', () => {
    expect(missingFrom(ROWS, routes)).toEqual([]);
    expect(Object.keys(ROWS).filter((row) => !routes.includes(row))).toEqual([]);
  });

  test('shows a route that was added without a row', () => {
    expect(missingFrom(ROWS, [...routes, 'DELETE /v1/models', 'HEAD /new'])).toEqual([
      'DELETE /v1/models',
      'GET /new',
    ]);
  });
});
