import { randomUUID } from 'node:crypto';
import type { CircuitBreaker, HealthTransition, ProviderHealth } from '@gatewayz/provider-health';
import type { RedisLink } from '@gatewayz/redis-link';
import { type BreakerNote, fromField, readBreakerPage, toField, toTold } from './breaker-note.ts';
import { PUT_BREAKER_SCRIPT, READ_BREAKERS_SCRIPT } from './breaker-scripts.ts';

export interface SharedBreakersOptions {
  /** The link stays the caller's. */
  readonly redis: RedisLink;
  readonly providers: readonly ProviderHealth[];
  /** Monotonic milliseconds, the clock of the providers' health. */
  readonly now: () => number;
  /** Default {@link DEFAULT_INTERVAL_MS}. */
  readonly intervalMs?: number;
}

/** Has all replicas know what one of them learns of a provider the hard way. */
export interface SharedBreakers {
  /** A breaker of this process changed: the others hear of trips, and of breakers that closed by their probes. */
  changed(transition: HealthTransition): void;
  /** Begins to ask what the others have told. */
  start(): void;
  stop(): void;
}

/**
 * Tells trips through a hash in Redis that every replica reads again and again: what one of them misses, it reads
 * later, and what Redis loses or did not hear is told anew. A trip elsewhere opens the breaker here for the time
 * that is left of it, and ends in half-open like one of its own; a breaker that closed elsewhere closes here too
 * where it was open on the word of others alone, and else is tried at once. Forced breakers stay as they are. Without
 * an answer of Redis every replica goes by what it sees.
 */
export function createSharedBreakers(options: SharedBreakersOptions): SharedBreakers {
  return new BreakerExchange(options);
}

const HASH_KEY = 'gatewayz:breakers';
/** How often the others are asked, so that a trip is known everywhere within a second. */
export const DEFAULT_INTERVAL_MS = 400;
/** How long Redis keeps what has no meaning any more. */
const KEPT_MS = 60_000;
/** So many are told again at a time. */
const MAX_RETOLD = 100;

interface OwnNote {
  readonly note: BreakerNote;
  readonly endsAtMs: number;
  isHeard: boolean;
}

class BreakerExchange implements SharedBreakers {
  readonly #redis: RedisLink;
  readonly #providers: ReadonlyMap<string, ProviderHealth>;
  readonly #now: () => number;
  readonly #intervalMs: number;
  readonly #replica = randomUUID();
  /** What this replica told last, and nobody has told otherwise since. */
  readonly #own = new Map<string, OwnNote>();
  /** The last note of others on each breaker. */
  readonly #seen = new Map<string, string>();
  /** Breakers that are open on the word of others. */
  readonly #borrowed = new Set<string>();
  #version = '';
  #isTakingOver = false;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = true;

  constructor({ redis, providers, now, intervalMs = DEFAULT_INTERVAL_MS }: SharedBreakersOptions) {
    this.#redis = redis;
    this.#providers = new Map(providers.map((health) => [health.provider, health]));
    this.#now = now;
    this.#intervalMs = intervalMs;
  }

  changed(transition: HealthTransition): void {
    const { provider, model, to } = transition;
    if (this.#isTakingOver || to.kind === 'half_open') return;
    const field = toField(provider, model);
    this.#borrowed.delete(field);
    this.#own.delete(field);
    const telling = toTold(transition);
    if (telling === null) return;
    const note = { id: randomUUID(), by: this.#replica, ...telling.told };
    const own = { note, endsAtMs: transition.atMs + telling.holdsMs, isHeard: false };
    this.#own.set(field, own);
    void this.#tell(field, own);
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    void this.#goOn();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #goOn(): Promise<void> {
    await this.#listen();
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#goOn(), this.#intervalMs).unref();
  }

  async #listen(): Promise<void> {
    const answer = await this.#redis.ask('breakers_read', (client) =>
      client.eval(READ_BREAKERS_SCRIPT, 1, HASH_KEY, this.#version),
    );
    if (!answer.ok || this.#isStopped) return;
    const { version, notes } = readBreakerPage(answer.value);
    this.#version = version;
    if (notes !== null) {
      for (const [field, own] of this.#own) own.isHeard &&= notes.get(field)?.note.id === own.note.id;
      for (const [field, { note, remainingMs }] of notes) this.#hear(field, note, remainingMs);
    }
    this.#tellAgain();
  }

  #tellAgain(): void {
    let told = 0;
    for (const [field, own] of this.#own) {
      if (own.endsAtMs <= this.#now()) this.#own.delete(field);
      else if (!own.isHeard && told++ < MAX_RETOLD) void this.#tell(field, own);
    }
  }

  async #tell(field: string, own: OwnNote): Promise<void> {
    const holdsMs = Math.ceil(own.endsAtMs - this.#now());
    // Until Redis says otherwise, so that it is not told twice meanwhile.
    own.isHeard = true;
    const answer = await this.#redis.ask('breakers_put', (client) =>
      client.eval(PUT_BREAKER_SCRIPT, 1, HASH_KEY, field, JSON.stringify(own.note), holdsMs, KEPT_MS),
    );
    own.isHeard &&= answer.ok;
  }

  #hear(field: string, note: BreakerNote, remainingMs: number): void {
    if (note.by === this.#replica || this.#seen.get(field) === note.id || remainingMs <= 0) return;
    const breaker = this.#find(field);
    if (breaker === null) return;
    this.#seen.set(field, note.id);
    this.#own.delete(field);
    if (note.state === 'open') this.#open(field, breaker, note, remainingMs);
    else this.#close(field, breaker);
  }

  #open(
    field: string,
    breaker: CircuitBreaker,
    { reason, opensInRow }: BreakerNote,
    remainingMs: number,
  ): void {
    const nowMs = this.#now();
    const state = breaker.state(nowMs);
    if (state.kind === 'forced') return;
    if (state.kind === 'open' && state.untilMs - nowMs >= remainingMs) return;
    const isTaken = this.#takeOver(breaker, {
      version: 1,
      kind: 'open',
      reason,
      agoMs: 0,
      remainingMs,
      opensInRow,
    });
    if (isTaken && state.kind !== 'open') this.#borrowed.add(field);
  }

  #close(field: string, breaker: CircuitBreaker): void {
    const state = breaker.state(this.#now());
    const isBorrowed = this.#borrowed.delete(field);
    if (state.kind !== 'open' && state.kind !== 'half_open') return;
    if (isBorrowed) {
      this.#takeOver(breaker, { version: 1, kind: 'closed', consecutiveFailures: 0 });
    } else if (state.kind === 'open') {
      const { opensInRow } = state;
      this.#takeOver(breaker, { version: 1, kind: 'half_open', agoMs: 0, successes: 0, opensInRow });
    }
  }

  /** What is taken over is no news: nobody is told of it. */
  #takeOver(breaker: CircuitBreaker, saved: object): boolean {
    this.#isTakingOver = true;
    const isTaken = breaker.restore(saved, this.#now());
    this.#isTakingOver = false;
    return isTaken;
  }

  #find(field: string): CircuitBreaker | null {
    const name = fromField(field);
    const health = name === null ? undefined : this.#providers.get(name.provider);
    if (name === null || health === undefined) return null;
    if (name.model === null) return health.breaker;
    const target = health.model(name.model);
    return target.model === name.model ? target.breaker : null;
  }
}
