import { type BreakerState, type HealthTransition, visibleStateOf } from '@gatewayz/provider-health';
import {
  type BreakerChange,
  toHealthDashboard,
  toIsoTime,
  type WatchedProvider,
} from './health-dashboard-page.ts';

/** What a dashboard shows, and its clocks. */
export interface HealthDashboardOptions {
  readonly providers: readonly Omit<WatchedProvider, 'history'>[];
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly epochNow: () => number;
}

/** The body of `GET /health/dashboard`, ready to send. */
export interface HealthDashboard {
  /** The page as JSON, at most a second old and never older than the last change of a provider's own breaker. */
  json(): string;
  /** Shows one provider more. */
  add(provider: Omit<WatchedProvider, 'history'>): void;
  /** Keeps a change of a breaker for the history of its provider; to be called at each one. */
  changed(transition: HealthTransition): void;
}

/** How long a page may be shown. */
const MAX_AGE_MS = 1_000;
/** Changes kept per provider, those of its models among them. */
const HISTORY_LENGTH = 20;

/** Makes a dashboard whose breakers have no history yet. */
export function createHealthDashboard({ providers, now, epochNow }: HealthDashboardOptions): HealthDashboard {
  const histories = new Map<string, BreakerChange[]>();
  const watched: WatchedProvider[] = [];
  let page: { readonly text: string; readonly madeAtMs: number } | null = null;
  function add({ health, hour }: Omit<WatchedProvider, 'history'>): void {
    const history: BreakerChange[] = [];
    histories.set(health.provider, history);
    watched.push({ health, hour, history });
    page = null;
  }
  providers.forEach(add);
  return {
    add,
    json() {
      const nowMs = now();
      if (page === null || nowMs - page.madeAtMs >= MAX_AGE_MS) {
        const text = JSON.stringify(toHealthDashboard(watched, nowMs, epochNow()));
        page = { text, madeAtMs: nowMs };
      }
      return page.text;
    },
    changed(transition) {
      // A model's change waits for the next page: thousands of models that fail at once must not remake it each time.
      if (transition.model === null) page = null;
      const history = histories.get(transition.provider);
      history?.push(toBreakerChange(transition, epochNow()));
      if (history !== undefined && history.length > HISTORY_LENGTH) history.shift();
    },
  };
}

function toBreakerChange({ model, from, to, reason }: HealthTransition, epochMs: number): BreakerChange {
  return {
    at: toIsoTime(epochMs),
    model,
    from: visibleStateOf(from),
    to: visibleStateOf(to),
    reason,
    note: noteOf(to),
  };
}

function noteOf(state: BreakerState): string | null {
  return state.kind === 'forced' ? state.reason : null;
}
