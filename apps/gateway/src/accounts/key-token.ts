import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What every key begins with, so that people and secret scanners know one when they see it. */
const KEY_PREFIX = 'gz_live_';

const SECRET_BYTES = 32;
const TAG_BYTES = 6;
const SHAPE = /^gz_live_[\w-]{43}[\w-]{8}$/;
const TAG_LENGTH = 8;

/** A new key: the token is for its owner alone, the hash is what is kept. */
export interface NewKey {
  readonly token: string;
  readonly hash: string;
  readonly prefix: string;
  readonly lastFour: string;
}

/**
 * Makes a key of 32 random bytes. It ends in a tag of its keyed hash: a guess is known for one without asking the
 * database.
 */
export function createKeyToken(pepper: Buffer): NewKey {
  const body = KEY_PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
  const digest = digestOf(body, pepper);
  const token = body + tagOf(digest);
  return { token, hash: digest.toString('hex'), prefix: KEY_PREFIX, lastFour: token.slice(-4) };
}

/** Whether a text has the form of a key. */
export function isKeyToken(text: string): boolean {
  return SHAPE.test(text);
}

/** The hash under which a key is kept: HMAC-SHA-256 with the pepper, hexadecimal; null where the tag is wrong. */
export function toKeyHash(token: string, pepper: Buffer): string | null {
  const digest = digestOf(token.slice(0, -TAG_LENGTH), pepper);
  const tag = Buffer.from(token.slice(-TAG_LENGTH));
  return timingSafeEqual(tag, Buffer.from(tagOf(digest))) ? digest.toString('hex') : null;
}

function digestOf(body: string, pepper: Buffer): Buffer {
  return createHmac('sha256', pepper).update(body).digest();
}

function tagOf(digest: Buffer): string {
  return digest.subarray(0, TAG_BYTES).toString('base64url');
}
