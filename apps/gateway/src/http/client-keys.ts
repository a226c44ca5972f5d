import { hash, timingSafeEqual } from 'node:crypto';

/** Says whether a presented key is one of the configured ones. */
export interface ClientKeys {
  accepts(key: string): boolean;
}

/**
 * Keeps the digests of static keys. A presented key is hashed and held against every one of them, so that the
 * time taken tells nothing about how much of a key was right, nor about which one.
 */
export function createClientKeys(keys: readonly string[]): ClientKeys {
  const digests = keys.map(digest);
  return {
    accepts(key) {
      const presented = digest(key);
      let found = false;
      for (const known of digests) found = timingSafeEqual(known, presented) || found;
      return found;
    },
  };
}

/** The token of an `Authorization: Bearer …` header, or null. */
export function readBearerToken(header: string | undefined): string | null {
  if (header === undefined || header.length < 8 || header.length > 4096) return null;
  return header.slice(0, 7).toLowerCase() === 'bearer ' ? header.slice(7).trim() : null;
}

function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
