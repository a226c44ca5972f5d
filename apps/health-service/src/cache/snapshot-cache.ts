import type { RedisLink } from '@gatewayz/redis-link';

export const SNAPSHOT_NAMES = ['system_health', 'providers_health', 'models_health'] as const;

export type SnapshotName = (typeof SNAPSHOT_NAMES)[number];

export interface SnapshotCacheOptions {
  /** `null`: memory alone. Owned by the caller. */
  readonly redis: RedisLink | null;
  /** How long a snapshot is served; default 300,000 ms. */
  readonly ttlMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly onLookup?: (name: SnapshotName, isHit: boolean) => void;
}

/**
 * The last views of the system's health, as JSON text: in Redis for all replicas, and in memory for when there is
 * none. No method rejects, and none takes longer than Redis's command timeout.
 */
export interface SnapshotCache {
  put(name: SnapshotName, text: string): Promise<void>;
  /** The latest text, from whichever place has it; null where it is too old or was never put. */
  get(name: SnapshotName): Promise<string | null>;
  /** Whether Redis is in use and keeps what it is given. */
  isAvailable(): boolean;
  /** Whether `get` would give something. */
  cached(): Promise<Readonly<Record<SnapshotName, boolean>>>;
}

interface Kept {
  readonly text: string;
  readonly untilMs: number;
  /** Whether Redis has this text too, or a later one of another replica. */
  readonly isShared: boolean;
}

const toKey = (name: SnapshotName): string => `gatewayz:snapshot:${name}`;

class TwoPlaceCache implements SnapshotCache {
  readonly #kept = new Map<SnapshotName, Kept>();
  readonly #redis: RedisLink | null;
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #onLookup: (name: SnapshotName, isHit: boolean) => void;

  constructor({ redis, ttlMs = 300_000, now, onLookup }: SnapshotCacheOptions) {
    this.#redis = redis;
    this.#ttlMs = ttlMs;
    this.#now = now ?? (() => performance.now());
    this.#onLookup = onLookup ?? (() => {});
  }

  async put(name: SnapshotName, text: string): Promise<void> {
    const kept = { text, untilMs: this.#now() + this.#ttlMs, isShared: false };
    this.#kept.set(name, kept);
    const answer = await this.#redis?.ask('set', (redis) => redis.set(toKey(name), text, 'PX', this.#ttlMs));
    if (answer?.ok && this.#kept.get(name) === kept) this.#kept.set(name, { ...kept, isShared: true });
  }

  async get(name: SnapshotName): Promise<string | null> {
    const text = await this.#find(name);
    this.#onLookup(name, text !== null);
    return text;
  }

  isAvailable(): boolean {
    return this.#redis?.isAvailable() ?? false;
  }

  async cached(): Promise<Readonly<Record<SnapshotName, boolean>>> {
    const answer = await this.#redis?.ask('exists', (redis) =>
      Promise.all(SNAPSHOT_NAMES.map((name) => redis.exists(toKey(name)))),
    );
    const isInRedis = (index: number): boolean => (answer?.ok ? answer.value[index] === 1 : false);
    const [system_health, providers_health, models_health] = SNAPSHOT_NAMES.map(
      (name, index) => this.#inMemory(name) !== null || isInRedis(index),
    ) as [boolean, boolean, boolean];
    return { system_health, providers_health, models_health };
  }

  async #find(name: SnapshotName): Promise<string | null> {
    const kept = this.#inMemory(name);
    // A text that Redis did not take is later than what Redis has.
    if (kept !== null && !kept.isShared) return kept.text;
    const answer = await this.#redis?.ask('get', (redis) => redis.get(toKey(name)));
    return (answer?.ok ? answer.value : null) ?? kept?.text ?? null;
  }

  #inMemory(name: SnapshotName): Kept | null {
    const kept = this.#kept.get(name);
    return kept === undefined || kept.untilMs <= this.#now() ? null : kept;
  }
}

/** Keeps snapshots in memory and, where there is one, in Redis. */
export function createSnapshotCache(options: SnapshotCacheOptions): SnapshotCache {
  return new TwoPlaceCache(options);
}
