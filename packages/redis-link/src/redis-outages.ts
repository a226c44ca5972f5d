import type { RedisEvent, RedisLink } from './redis-link.ts';

export interface RedisOutagesOptions {
  readonly redis: Pick<RedisLink, 'isAvailable' | 'trouble'>;
  /** Hears of an outage, once, with its reason in one word. */
  readonly onOutage: (reason: string) => void;
  /** Hears of its end, and how long it was. */
  readonly onRecovery: (outageMs: number) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Tells outages from hiccups: none is told of twice, nor oftener than every ten seconds. */
export interface RedisOutages {
  /** Is to be told of every operation. */
  note(event: Pick<RedisEvent, 'status'>): void;
  stop(): void;
}

type State =
  | { readonly kind: 'up' }
  /** Nothing has gone well since then. */
  | { readonly kind: 'failing'; readonly sinceMs: number; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'out'; readonly sinceMs: number; readonly lastMs: number };

/** A connection that is on its way, or made anew, is no outage. */
const OUTAGE_MS = 2000;
/** So long all has to go well before an outage is over. */
const RECOVERY_MS = 10_000;
const UP: State = { kind: 'up' };

/** Creates what finds outages in the operations of a link. */
export function createRedisOutages(options: RedisOutagesOptions): RedisOutages {
  const { redis, onOutage, onRecovery, now = () => performance.now() } = options;
  let state: State = UP;

  const fail = (sinceMs: number): void => {
    // Nobody may be asking, and still want to know.
    const look = (): void => {
      if (!redis.isAvailable()) begin(sinceMs);
    };
    state = { kind: 'failing', sinceMs, timer: setTimeout(look, OUTAGE_MS).unref() };
  };
  const begin = (sinceMs: number): void => {
    stop();
    state = { kind: 'out', sinceMs, lastMs: now() };
    onOutage(redis.trouble() ?? 'not connected');
  };
  const stop = (): void => {
    if (state.kind === 'failing') clearTimeout(state.timer);
    state = UP;
  };
  const noteBad = (atMs: number): void => {
    if (state.kind === 'up') fail(atMs);
    else if (state.kind === 'out') state = { ...state, lastMs: atMs };
    else if (atMs - state.sinceMs >= OUTAGE_MS) begin(state.sinceMs);
  };
  const noteGood = (atMs: number): void => {
    if (state.kind === 'failing') {
      stop();
    } else if (state.kind === 'out' && atMs - state.lastMs >= RECOVERY_MS) {
      onRecovery(state.lastMs - state.sinceMs);
      state = UP;
    }
  };
  return {
    note({ status }) {
      if (status !== 'success' || !redis.isAvailable()) noteBad(now());
      else if (state.kind !== 'up') noteGood(now());
    },
    stop,
  };
}
