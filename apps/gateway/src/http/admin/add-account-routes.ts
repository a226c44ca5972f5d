import { type Database, SqlError, type SqlErrorCode } from '@gatewayz/database';
import type { FastifyInstance } from 'fastify';
import { AccountError } from '../../accounts/account-error.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { VERSION } from '../../version.ts';
import { ApiError, invalidRequest } from '../api-error.ts';
import { requireToken } from '../require-token.ts';
import { backupEndpoint } from './backup-endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { keyEndpoints } from './key-endpoints.ts';
import { toOpenApi } from './openapi.ts';
import { planEndpoints } from './plan-endpoints.ts';
import { usageEndpoints } from './usage-endpoints.ts';
import { userEndpoints } from './user-endpoints.ts';

/** What the routes of accounts act on. */
export interface AccountRouteParts {
  readonly accounts: Accounts;
  readonly database: Database;
  /** It is read when all that has been settled before is in it. */
  readonly ledger: Pick<Ledger, 'written'>;
  readonly epochNow: () => number;
  /** `null`: there is no admin API. */
  readonly token: string | null;
}

/** Adds the admin API of accounts, its OpenAPI document, and `GET /v1/usage` for the owners of keys. */
export function addAccountRoutes(server: FastifyInstance, parts: AccountRouteParts): void {
  const { accounts, epochNow, token } = parts;
  const endpoints = [
    ...userEndpoints(accounts),
    ...keyEndpoints(accounts, epochNow),
    ...planEndpoints(accounts),
    ...usageEndpoints(parts),
    backupEndpoint(parts),
  ];
  const onRequest = token === null ? refuseAll : requireToken(token, '/admin');
  for (const endpoint of endpoints) addRoute(server, endpoint, onRequest, parts.ledger);
  const document = JSON.stringify(toOpenApi(endpoints, VERSION));
  server.get('/admin/openapi.json', { onRequest }, (_, reply) =>
    reply.header('content-type', 'application/json').send(document),
  );
}

function addRoute(
  server: FastifyInstance,
  { method, path, access, status, answer }: Endpoint,
  onRequest: ReturnType<typeof requireToken>,
  ledger: AccountRouteParts['ledger'],
): void {
  server.route({
    method,
    url: path,
    ...(access === 'admin' ? { onRequest } : { config: { needsKey: true } }),
    handler: async (request, reply) => {
      try {
        // Whoever has an answer finds it in what is told here.
        await ledger.written();
        const result = await answer(request, reply);
        return await reply.code(status).send(result);
      } catch (error) {
        throw toApiError(error);
      }
    },
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

const AWAY: ReadonlySet<SqlErrorCode> = new Set(['locked', 'queue_full', 'timeout', 'unavailable', 'closed']);

/** What an account function failed with, in the words of the API; what is unknown stays as it is. */
function toApiError(error: unknown): unknown {
  if (error instanceof AccountError) {
    const status = error.code === 'unknown' ? 404 : 409;
    const code = { unknown: 'not_found', exists: 'already_exists', conflict: 'conflict' }[error.code];
    return invalidRequest(error.message, { status, code });
  }
  if (!(error instanceof SqlError && AWAY.has(error.code))) return error;
  return new ApiError(
    {
      status: 503,
      type: 'overloaded_error',
      code: 'database_unavailable',
      message: 'The database is away. Nothing is known of what was to be changed: look before trying again.',
      retryAfterSeconds: 1,
    },
    { cause: error },
  );
}
