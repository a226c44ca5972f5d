import type { Attempt } from './inference/attempt.ts';
import type { Exchange } from './inference/exchange.ts';

/** Why a request was answered as it was: times are milliseconds from its arrival. */
export interface Explanation {
  readonly id: string;
  readonly received_at: string;
  readonly endpoint: string;
  readonly model: string;
  readonly stream: boolean;
  readonly outcome: string | null;
  readonly stream_end: string | null;
  readonly duration_ms: number;
  /** How the targets stood when the first one was picked. */
  readonly candidates: readonly object[];
  readonly attempts: readonly object[];
}

/** The latest requests, explained. */
export interface Explanations {
  add(exchange: Exchange): void;
  /** Null where the request is too old, unknown, or came with another key. */
  find(id: string, keyIndex: number): Explanation | null;
}

interface Entry {
  readonly keyIndex: number;
  readonly explanation: Explanation;
}

/** Keeps the last `capacity` requests in memory. */
export function createExplanations(capacity: number): Explanations {
  const entries = new Map<string, Entry>();
  return {
    add(exchange) {
      entries.set(exchange.arrival.id, {
        keyIndex: exchange.arrival.keyIndex,
        explanation: explain(exchange),
      });
      if (entries.size <= capacity) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        return;
      }
    },
    find(id, keyIndex) {
      const entry = entries.get(id);
      return entry?.keyIndex === keyIndex ? entry.explanation : null;
    },
  };
}

function explain(exchange: Exchange): Explanation {
  const { arrival, endedAt, candidates, attempts } = exchange;
  const { receivedAt } = arrival.times;
  return {
    id: arrival.id,
    received_at: new Date(performance.timeOrigin + receivedAt).toISOString(),
    endpoint: arrival.endpoint.route,
    model: arrival.route.label,
    stream: exchange.wantsStream,
    outcome: exchange.outcome,
    stream_end: exchange.streamEnd,
    duration_ms: round(endedAt - receivedAt),
    candidates: candidates.map(({ provider, model, score, breakerState, isAvailable }) => ({
      provider,
      model,
      score,
      circuit_breaker_state: breakerState,
      available: isAvailable,
    })),
    attempts: attempts.map((attempt) => explainAttempt(attempt, receivedAt)),
  };
}

function explainAttempt(attempt: Attempt, receivedAt: number): object {
  const { target, failure } = attempt;
  return {
    provider: target.provider.name,
    model: target.model,
    chosen_as: toChosenAs(attempt),
    outcome: attempt.outcome,
    timeout: failure?.phase ?? null,
    status: failure?.status ?? (attempt.outcome === 'success' ? 200 : null),
    detail: failure?.message ?? null,
    started_ms: round(attempt.startedAt - receivedAt),
    first_byte_ms: attempt.firstByteAt > 0 ? round(attempt.firstByteAt - receivedAt) : null,
    ended_ms: round(attempt.endedAt - receivedAt),
  };
}

function toChosenAs({ pick }: Attempt): 'best' | 'half_open_probe' | 'least_bad' {
  if (pick.isLeastBad) return 'least_bad';
  return pick.admission.kind === 'probe' ? 'half_open_probe' : 'best';
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
