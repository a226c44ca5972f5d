import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.ts';
import { type ClientKeys, readBearerToken } from '../http/client-keys.ts';
import type { Caller } from '../inference/caller.ts';
import type { RequestWait } from '../telemetry/request-waits.ts';
import type { KeyDirectory } from './key-directory.ts';
import type { KeyFinding, KeyRecord } from './key-finding.ts';

/** Who sent a request, and what the key may be used for; null for a key of the configuration, which has no limits. */
export interface KnownCaller extends Caller {
  readonly key: KeyRecord | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it; null where no key was needed. */
    caller: KnownCaller | null;
    /** The database's look-up of its key; null where nobody had to wait for it. */
    keyWait: RequestWait | null;
  }
}

export interface CallerCheckParts {
  /** The keys of the configuration; null: everyone may call, and nobody is known. */
  readonly configured: ClientKeys | null;
  /** Null: there are no others. */
  readonly directory: KeyDirectory | null;
  /** Hears what became of every check. */
  readonly onChecked?: (result: KeyFinding['kind'] | 'missing') => void;
}

/** Has every route that wants a client's key check it; to be called before the routes are added. */
export function requireCallers(server: FastifyInstance, parts: CallerCheckParts): void {
  server.decorateRequest('caller', null);
  server.decorateRequest('keyWait', null);
  const { configured } = parts;
  if (configured === null) return;
  const check = createCallerCheck({ ...parts, configured });
  server.addHook('onRoute', (route) => {
    if (route.config?.needsKey === true) route.onRequest = [...[route.onRequest ?? []].flat(), check];
  });
}

/** Finds out who sends a request: without waiting where the key was read lately. */
function createCallerCheck({
  configured,
  directory,
  onChecked = () => {},
}: CallerCheckParts & { readonly configured: ClientKeys }) {
  const configuredCallers: readonly KnownCaller[] = configured.fingerprints.map((fingerprint) => ({
    keyId: `configured:${fingerprint}`,
    userId: '',
    key: null,
  }));
  const letIn = (request: FastifyRequest, finding: KeyFinding): void => {
    onChecked(finding.kind);
    if (finding.kind !== 'key') throw toRefusal(finding.kind);
    const { key } = finding;
    request.caller = { keyId: key.id, userId: key.userId, key };
    request.authenticatedAt = performance.now();
  };
  return (request: FastifyRequest, _: unknown, done: (error?: Error) => void): void => {
    const token = readBearerToken(request.headers.authorization);
    if (token === null) {
      onChecked('missing');
      throw refusal(401, 'invalid_api_key', 'An API key is needed: Authorization: Bearer <key>.');
    }
    const configuredCaller = configuredCallers[configured.indexOf(token)];
    if (configuredCaller !== undefined) {
      onChecked('key');
      request.caller = configuredCaller;
      request.authenticatedAt = performance.now();
      done();
      return;
    }
    const finding = directory?.find(token) ?? ({ kind: 'unknown' } as const);
    if (finding instanceof Promise) {
      const startMs = performance.now();
      const look = { asked: 'database', operation: 'select', collection: 'api_keys', startMs } as const;
      finding
        .then((found) => {
          request.keyWait = { ...look, endMs: performance.now() };
          letIn(request, found);
        })
        .then(() => done(), done);
    } else {
      letIn(request, finding);
      done();
    }
  };
}

function toRefusal(kind: Exclude<KeyFinding['kind'], 'key'>): ApiError {
  switch (kind) {
    case 'unknown':
      return refusal(401, 'invalid_api_key', 'The API key is not valid.');
    case 'revoked':
      return refusal(401, 'invalid_api_key', 'The API key has been revoked.');
    case 'expired':
      return refusal(401, 'invalid_api_key', 'The API key has expired.');
    case 'disabled':
      return refusal(403, 'account_disabled', 'The account of this API key is disabled.');
    case 'unavailable':
      return new ApiError({
        status: 503,
        type: 'overloaded_error',
        code: 'keys_unavailable',
        message: 'The API key cannot be checked at the moment.',
        retryAfterSeconds: 1,
      });
    default:
      return kind satisfies never;
  }
}

function refusal(status: 401 | 403, code: string, message: string): ApiError {
  const type = status === 401 ? 'authentication_error' : 'permission_error';
  return new ApiError({ status, type, code, message });
}
