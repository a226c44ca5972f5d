import { Redis, ReplyError } from 'ioredis';

/** What commands are given to. */
export type RedisClient = Redis;

export type RedisStatus = 'success' | 'error' | 'timeout';

/** One thing asked of Redis; what was not even sent, because Redis is away, counts as an error. */
export interface RedisEvent {
  readonly operation: string;
  readonly status: RedisStatus;
  readonly seconds: number;
}

export interface RedisLinkOptions {
  readonly url: string;
  /** The longest wait for whatever is asked at once, of however many commands; default 150 ms. */
  readonly commandTimeoutMs?: number;
  /**
   * How long nothing is asked after an answer did not come in time; default 1,000 ms. After it one at a time may ask,
   * until there is an answer: a Redis that hangs keeps one caller waiting, not all.
   */
  readonly holdOffMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Hears of every operation; what it throws is ignored. */
  readonly onOperation?: (event: RedisEvent) => void;
}

export type RedisAnswer<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly status: 'error' | 'timeout' };

/** A Redis that may be down, slow or refusing: whoever asks hears so in time and never sees an exception. */
export interface RedisLink {
  ask<Result>(operation: string, command: (redis: Redis) => Promise<Result>): Promise<RedisAnswer<Result>>;
  /** Connected, answering in time, and not refusing what it was last asked. */
  isAvailable(): boolean;
  /** What went wrong last, in one word: a code of the system's or of Redis's own, `timeout`; null where nothing has. */
  trouble(): string | null;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 2000;
const MAX_RECONNECT_MS = 2000;
/** So many answers missing in a row, and the connection may be one whose other end is gone. */
const TIMEOUTS_BEFORE_RECONNECT = 3;
/** How long a refusal (read-only, out of memory) says something about now. */
const REFUSAL_MS = 60_000;
/** What the client itself says of a command without an answer. */
const TIMED_OUT = 'Command timed out';

function createClient(url: string, commandTimeoutMs: number): Redis {
  const redis = new Redis(url, {
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableOfflineQueue: false,
    // With more, commands of a connection that has closed stay without an answer while the next one is in use.
    maxRetriesPerRequest: 0,
    // A command that its caller has given up must not be done later.
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(100 * 2 ** (times - 1), MAX_RECONNECT_MS) * (0.75 + Math.random() / 2),
  });
  return redis;
}

/** Never the message, in which there may be an address and what was asked. */
function toTrouble(error: unknown): string {
  if (!(error instanceof Error)) return 'error';
  if (error instanceof ReplyError) return /^[A-Z]+/.exec(error.message)?.[0] ?? 'refused';
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

async function withinLimit<Result>(work: Promise<Result>, limitMs: number): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(TIMED_OUT)), limitMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

class GuardedRedis implements RedisLink {
  readonly #redis: Redis;
  readonly #options: Required<RedisLinkOptions>;
  readonly #refusedAtMs = new Map<string, number>();
  #heldOffUntilMs = Number.NEGATIVE_INFINITY;
  #timeoutsInRow = 0;
  /** Somebody finds out whether it answers again. */
  #isTrying = false;
  /** The client still calls itself ready until the given-up connection has closed. */
  #isReconnecting = false;
  #trouble: string | null = null;

  constructor(options: Required<RedisLinkOptions>) {
    this.#options = options;
    this.#redis = createClient(options.url, options.commandTimeoutMs);
    this.#redis.on('ready', () => {
      this.#isReconnecting = false;
    });
    // Without a listener every failed connection would be printed.
    this.#redis.on('error', (error: unknown) => {
      this.#trouble = toTrouble(error);
    });
  }

  isAvailable(): boolean {
    const since = this.#options.now() - REFUSAL_MS;
    const isRefusing = [...this.#refusedAtMs.values()].some((atMs) => atMs > since);
    return this.#isReachable() && !isRefusing;
  }

  trouble(): string | null {
    return this.#trouble;
  }

  async ask<Result>(
    operation: string,
    command: (redis: Redis) => Promise<Result>,
  ): Promise<RedisAnswer<Result>> {
    const startMs = this.#options.now();
    const isTaken = this.#isTrying && this.#timeoutsInRow > 0;
    const answer: RedisAnswer<Result> =
      this.#isReachable() && !isTaken ? await this.#try(operation, command) : { ok: false, status: 'error' };
    const seconds = (this.#options.now() - startMs) / 1000;
    this.#notify({ operation, status: answer.ok ? 'success' : answer.status, seconds });
    return answer;
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  #isReachable(): boolean {
    const isConnected = this.#redis.status === 'ready' && !this.#isReconnecting;
    return isConnected && this.#options.now() >= this.#heldOffUntilMs;
  }

  async #try<Result>(
    operation: string,
    command: (redis: Redis) => Promise<Result>,
  ): Promise<RedisAnswer<Result>> {
    this.#isTrying = true;
    try {
      const value = await withinLimit(command(this.#redis), this.#options.commandTimeoutMs);
      this.#refusedAtMs.delete(operation);
      this.#timeoutsInRow = 0;
      return { ok: true, value };
    } catch (error) {
      return { ok: false, status: this.#toStatus(operation, error) };
    } finally {
      this.#isTrying = false;
    }
  }

  #toStatus(operation: string, error: unknown): 'error' | 'timeout' {
    if (error instanceof ReplyError) {
      this.#refusedAtMs.set(operation, this.#options.now());
      this.#trouble = toTrouble(error);
      return 'error';
    }
    if (!(error instanceof Error) || error.message !== TIMED_OUT) return 'error';
    this.#trouble = 'timeout';
    this.#heldOffUntilMs = this.#options.now() + this.#options.holdOffMs;
    this.#timeoutsInRow += 1;
    if (this.#timeoutsInRow >= TIMEOUTS_BEFORE_RECONNECT) {
      this.#timeoutsInRow = 0;
      this.#isReconnecting = true;
      this.#redis.disconnect(true);
    }
    return 'timeout';
  }

  #notify(event: RedisEvent): void {
    try {
      this.#options.onOperation(event);
    } catch {
      // A listener's fault is not Redis's.
    }
  }
}

/** Begins to connect, and goes on trying until `close()`; never throws for a Redis that is not there. */
export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const byDefault = { commandTimeoutMs: 150, holdOffMs: 1000, now: () => performance.now() };
  return new GuardedRedis({ ...byDefault, onOperation: () => {}, ...options });
}
