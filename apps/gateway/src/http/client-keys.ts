import { createHash, timingSafeEqual } from 'node:crypto';

/** Knows the configured keys. */
export interface ClientKeys {
  /** Which of them this is; -1 where it is none. */
  indexOf(key: string): number;
  /** One for each key, in their order: 12 hexadecimal digits, which say nothing of a key that cannot be guessed. */
  readonly fingerprints: readonly string[];
}

/** Keys are compared in frames of this many bytes, whatever their length. */
const FRAME_BYTES = 512;
const MAX_KEY_LENGTH = FRAME_BYTES - 2;

/**
 * Keeps static keys, each in a frame of fixed size with its length in front. A presented key is put into such a
 * frame and held whole against every one of them, so that the time taken tells nothing about how much of a key
 * was right, nor about which one.
 */
export function createClientKeys(keys: readonly string[]): ClientKeys {
  const known = keys.map((key) => frame(key, Buffer.alloc(FRAME_BYTES)));
  const presented = Buffer.alloc(FRAME_BYTES);
  return {
    fingerprints: keys.map(fingerprint),
    indexOf(key) {
      if (Buffer.byteLength(key) > MAX_KEY_LENGTH) return -1;
      frame(key, presented);
      let found = -1;
      for (let index = 0; index < known.length; index += 1) {
        if (timingSafeEqual(known[index] as Buffer, presented)) found = index;
      }
      return found;
    },
  };
}

/** The same at every gateway and at every start, wherever the key stands in a list. */
function fingerprint(key: string): string {
  return createHash('sha256').update(`gatewayz key ${key}`).digest('hex').slice(0, 12);
}

/** The token of an `Authorization: Bearer …` header, or null. */
export function readBearerToken(header: string | undefined): string | null {
  if (header === undefined || header.length < 8 || header.length > 4096) return null;
  return header.slice(0, 7).toLowerCase() === 'bearer ' ? header.slice(7).trim() : null;
}

/** Throws a RangeError where the key does not fit. */
function frame(key: string, into: Buffer): Buffer {
  if (Buffer.byteLength(key) > MAX_KEY_LENGTH)
    throw new RangeError(`A key is longer than ${MAX_KEY_LENGTH} bytes.`);
  into.fill(0);
  into.writeUInt16LE(into.write(key, 2), 0);
  return into;
}
