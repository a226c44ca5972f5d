import { hash } from 'node:crypto';
import type { Database } from '@gatewayz/database';
import { EXPIRED, type KeyFinding, UNAVAILABLE, UNKNOWN } from './key-finding.ts';
import { isKeyToken, toKeyHash } from './key-token.ts';
import { createKeyLookup, type StoredKey } from './look-up-key.ts';
import { RecentMap } from './recent-map.ts';

export interface KeyDirectoryOptions {
  readonly database: Database;
  /** The secret that keys are hashed with. */
  readonly pepper: Buffer;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly epochNow: () => number;
  /** How long keys that were known go on being let in while the database is away; default 60,000 ms. */
  readonly graceMs?: number;
  /** Keys that are kept; default 10,000. */
  readonly maxKeys?: number;
  /** Hears of every search for a key whether it could be answered at once. */
  readonly onCache?: (result: 'hit' | 'miss') => void;
  /** Hears of the first failure of each outage. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Knows the keys of the database. */
export interface KeyDirectory {
  /** What is known of a key: at once where it was read lately, else a promise, which never rejects. */
  find(token: string): KeyFinding | Promise<KeyFinding>;
  /** Reads a key anew when it is next asked for, because it was changed here. */
  forgetKey(keyId: string): void;
  /** The same for all keys of a user. */
  forgetUser(userId: string): void;
}

/** A key that is in use is read again from this age on, beside the request that shows it. */
const REFRESH_MS = 2000;
/** What was read counts no longer than this: a revocation elsewhere is known within 5 s of it. */
const MAX_AGE_MS = 4500;
const MAX_UNKNOWN_AGE_MS = 1000;
const MAX_UNKNOWN = 1000;
/** A database that takes longer is away. */
const LOOKUP_TIMEOUT_MS = 1000;
/** After a failure nobody waits for the database for so long. */
const RETRY_MS = 500;

interface Entry extends StoredKey {
  /** When its reading began. */
  readonly readAtMs: number;
}

/** Creates the directory, empty: every key is read when it is first shown. */
export function createKeyDirectory(options: KeyDirectoryOptions): KeyDirectory {
  return new CachedKeyDirectory(options);
}

class CachedKeyDirectory implements KeyDirectory {
  readonly #pepper: Buffer;
  readonly #lookUp: (hash: string) => Promise<StoredKey>;
  readonly #now: () => number;
  readonly #epochNow: () => number;
  readonly #graceMs: number;
  readonly #onCache: (result: 'hit' | 'miss') => void;
  readonly #onTrouble: (error: unknown) => void;
  readonly #known: RecentMap<Entry>;
  readonly #unknown = new RecentMap<Entry>(MAX_UNKNOWN);
  #reading = new Map<string, Promise<KeyFinding>>();
  /** Readings that began before a change may hold what was before it. */
  #changes = 0;
  #awayUntilMs = Number.NEGATIVE_INFINITY;
  #isInTrouble = false;

  constructor(options: KeyDirectoryOptions) {
    const { graceMs = 60_000, maxKeys = 10_000, onCache = () => {}, onTrouble = () => {} } = options;
    this.#pepper = options.pepper;
    this.#lookUp = createKeyLookup(options.database);
    this.#now = options.now;
    this.#epochNow = options.epochNow;
    this.#graceMs = graceMs;
    this.#onCache = onCache;
    this.#onTrouble = onTrouble;
    this.#known = new RecentMap(maxKeys);
  }

  find(token: string): KeyFinding | Promise<KeyFinding> {
    if (!isKeyToken(token)) return UNKNOWN;
    // Keys themselves are not kept, and a plain hash takes a fortieth of the time that the keyed one does.
    const name = hash('sha256', token, 'base64url');
    const nowMs = this.#now();
    const entry = this.#fresh(name, nowMs);
    if (entry !== null) {
      this.#onCache('hit');
      if (nowMs - entry.readAtMs > REFRESH_MS && nowMs >= this.#awayUntilMs) void this.#read(name, token);
      return this.#judge(entry);
    }
    if (nowMs < this.#awayUntilMs) return this.#findWithout(name);
    return this.#read(name, token);
  }

  forgetKey(keyId: string): void {
    this.#forget((entry) => entry.keyId === keyId);
  }

  forgetUser(userId: string): void {
    this.#forget((entry) => entry.userId === userId);
  }

  #forget(isChanged: (entry: Entry) => boolean): void {
    this.#changes += 1;
    this.#reading = new Map();
    this.#known.deleteWhere(isChanged);
  }

  #fresh(name: string, nowMs: number): Entry | null {
    const known = this.#known.get(name);
    if (known !== undefined && nowMs - known.readAtMs <= MAX_AGE_MS) return known;
    const unknown = this.#unknown.get(name);
    return unknown !== undefined && nowMs - unknown.readAtMs <= MAX_UNKNOWN_AGE_MS ? unknown : null;
  }

  #read(name: string, token: string): Promise<KeyFinding> | KeyFinding {
    const underWay = this.#reading.get(name);
    if (underWay !== undefined) return underWay;
    const keyHash = toKeyHash(token, this.#pepper);
    if (keyHash === null) return UNKNOWN;
    this.#onCache('miss');
    const reading = this.#readKey(name, keyHash).finally(() => {
      if (this.#reading.get(name) === reading) this.#reading.delete(name);
    });
    this.#reading.set(name, reading);
    return reading;
  }

  async #readKey(name: string, keyHash: string): Promise<KeyFinding> {
    const changes = this.#changes;
    const readAtMs = this.#now();
    try {
      const entry: Entry = { ...(await withinLimit(this.#lookUp(keyHash))), readAtMs };
      this.#isInTrouble = false;
      if (changes === this.#changes) this.#keep(name, entry);
      return this.#judge(entry);
    } catch (error) {
      this.#awayUntilMs = this.#now() + RETRY_MS;
      if (!this.#isInTrouble) this.#onTrouble(error);
      this.#isInTrouble = true;
      return this.#findWithout(name);
    }
  }

  #keep(name: string, entry: Entry): void {
    const isKnown = entry.finding.kind !== 'unknown';
    if (isKnown) this.#known.set(name, entry);
    else this.#unknown.set(name, entry);
    (isKnown ? this.#unknown : this.#known).delete(name);
  }

  /** What can be said while the database is away. */
  #findWithout(name: string): KeyFinding {
    const known = this.#known.get(name);
    const isInGrace = known !== undefined && this.#now() - known.readAtMs <= this.#graceMs;
    this.#onCache(isInGrace ? 'hit' : 'miss');
    return isInGrace ? this.#judge(known) : UNAVAILABLE;
  }

  #judge({ finding }: Entry): KeyFinding {
    if (finding.kind !== 'key') return finding;
    const { expiresAtMs } = finding.key;
    return expiresAtMs !== null && this.#epochNow() >= expiresAtMs ? EXPIRED : finding;
  }
}

async function withinLimit<Result>(work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`The database took longer than ${LOOKUP_TIMEOUT_MS} ms to find a key.`)),
    LOOKUP_TIMEOUT_MS,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
