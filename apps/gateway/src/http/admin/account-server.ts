import type { ServerConfig } from '@gatewayz/config';
import { createObservability } from '@gatewayz/observability';
import type { FastifyInstance } from 'fastify';
import { type AccountStage, openAccounts } from '../../accounts/account-stage.ts';
import { type CallerCheckParts, requireCallers } from '../../accounts/caller-check.ts';
import { createClientKeys } from '../client-keys.ts';
import { createServer } from '../server.ts';
import { addAccountRoutes } from './add-account-routes.ts';

export const ADMIN_TOKEN = 'admin-token-of-the-tests';
export const CONFIGURED_KEY = 'configured-key-of-the-tests';

/** A server with accounts behind it, for tests. */
export interface AccountServer extends AsyncDisposable {
  readonly url: string;
  readonly server: FastifyInstance;
  readonly stage: AccountStage;
  /** Errors that no handler expected. */
  readonly unexpected: unknown[];
  /** Sends a request, the operator's unless another token is given, and gives what came of it. */
  ask(method: string, path: string, body?: unknown, token?: string | null): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any;
}

const SERVER_CONFIG: ServerConfig = {
  host: '127.0.0.1',
  port: 0,
  bodyLimitBytes: 1_048_576,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 5000,
  writeTimeoutMs: 60_000,
  drainDelayMs: 0,
  drainDeadlineMs: 1000,
};

/** Starts the server on a free port; `addMore` adds further routes. */
export async function startAccountServer(
  dataFolder: string,
  {
    adminToken = ADMIN_TOKEN,
    metricsToken = null,
    isOpen = false,
    onChecked = () => {},
    addMore = () => {},
  }: {
    readonly adminToken?: string | null;
    readonly metricsToken?: string | null;
    /** Whether everyone may call. */
    readonly isOpen?: boolean;
    readonly onChecked?: NonNullable<CallerCheckParts['onChecked']>;
    readonly addMore?: (server: FastifyInstance, stage: AccountStage) => void;
  } = {},
): Promise<AccountServer> {
  const stage = await openAccounts(null, dataFolder);
  const unexpected: unknown[] = [];
  const observability = createObservability({
    env: {},
    appName: 'test',
    token: metricsToken,
    healthServiceUrl: null,
    monitorIntervalMs: null,
  });
  const server = createServer(SERVER_CONFIG, {
    observability,
    onUnexpected: (error) => unexpected.push(error),
    tracing: null,
    signals: { shortRequestEnded: () => {} },
  });
  requireCallers(server, {
    configured: isOpen ? null : createClientKeys([CONFIGURED_KEY]),
    directory: stage.directory,
    onChecked,
  });
  addMore(server, stage);
  const { accounts, front: database, ledger, epochNow } = stage;
  addAccountRoutes(server, { accounts, database, ledger, epochNow, token: adminToken });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    server,
    stage,
    unexpected,
    ask: (method, path, body, token = ADMIN_TOKEN) => ask(url + path, method, body, token),
    async [Symbol.asyncDispose]() {
      await server.close();
      observability.close();
      await stage[Symbol.asyncDispose]();
    },
  };
}

async function ask(url: string, method: string, body: unknown, token: string | null): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
}
