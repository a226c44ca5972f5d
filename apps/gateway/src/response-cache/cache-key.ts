import { hash } from 'node:crypto';

/** Who shares answers: nobody beside the key itself, the keys of one user, or everyone. */
export type CacheScope = 'key' | 'user' | 'all';

/** A request as the cache sees it. */
export interface CacheableRequest {
  readonly caller: { readonly keyId: string; readonly userId: string };
  /** The gateway's route of the endpoint. */
  readonly endpoint: string;
  /** The route that the model's name led to. */
  readonly route: string;
  readonly stream: boolean;
  /** The body as it was parsed, of bounded depth. */
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The name that identical requests share, however their bodies are written; null for a request that is never kept:
 * a streamed one, and one with numbers that two different bodies could have been read as.
 */
export function toCacheKey(request: CacheableRequest, scope: CacheScope): string | null {
  if (request.stream) return null;
  const { stream: _, ...body } = request.body;
  const text = toCanonicalJson(body);
  if (text === null) return null;
  const place = JSON.stringify([sharersOf(request, scope), request.endpoint, request.route]);
  return hash('sha256', `${place}\n${text}`, 'base64url');
}

function sharersOf({ caller: { keyId, userId } }: CacheableRequest, scope: CacheScope): readonly string[] {
  if (scope === 'all') return [];
  // A key without a user shares with nobody.
  return scope === 'user' && userId !== '' ? ['user', userId] : ['key', keyId];
}

/** JSON with the keys of every object in order; null where a number may have been read inexactly. */
function toCanonicalJson(value: unknown): string | null {
  if (typeof value === 'number') return isExact(value) ? String(value) : null;
  if (Array.isArray(value)) {
    const items = value.map(toCanonicalJson);
    return items.includes(null) ? null : `[${items.join()}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const text = toCanonicalJson((value as Readonly<Record<string, unknown>>)[name]);
    if (text === null) return null;
    fields.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${fields.join()}}`;
}

function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}
