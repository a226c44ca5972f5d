import type { StreamEnd } from '@gatewayz/observability';
import type { Outcome } from '@gatewayz/provider-health';
import type { Attempt } from './inference/attempt.ts';
import type { Exchange } from './inference/exchange.ts';
import type { Failure } from './inference/failure.ts';
import type { Target } from './providers/provider.ts';
import type { Candidate } from './routing/describe-candidates.ts';

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

/** What is kept of a request: numbers and names, to be worded when somebody asks. */
interface Entry {
  readonly id: string;
  readonly keyIndex: number;
  readonly receivedAt: number;
  readonly endedAt: number;
  readonly endpoint: string;
  readonly model: string;
  readonly isStream: boolean;
  readonly outcome: Outcome | null;
  readonly streamEnd: StreamEnd | null;
  readonly candidates: readonly Candidate[];
  readonly attempts: readonly AttemptEntry[];
}

interface AttemptEntry {
  readonly target: Target;
  readonly chosenAs: 'best' | 'half_open_probe' | 'least_bad';
  readonly outcome: Outcome | null;
  readonly failure: Failure | null;
  readonly startedAt: number;
  readonly firstByteAt: number;
  readonly endedAt: number;
}

/** Keeps the last `capacity` requests in memory. */
export function createExplanations(capacity: number): Explanations {
  const ring: Entry[] = [];
  let next = 0;
  return {
    add(exchange) {
      ring[next] = toEntry(exchange);
      next = (next + 1) % capacity;
    },
    find(id, keyIndex) {
      const entry = ring.find((one) => one.id === id && one.keyIndex === keyIndex);
      return entry === undefined ? null : explain(entry);
    },
  };
}

function toEntry(exchange: Exchange): Entry {
  const { arrival } = exchange;
  return {
    id: arrival.id,
    keyIndex: arrival.keyIndex,
    receivedAt: arrival.times.receivedAt,
    endedAt: exchange.endedAt,
    endpoint: arrival.endpoint.route,
    model: arrival.route.label,
    isStream: exchange.wantsStream,
    outcome: exchange.outcome,
    streamEnd: exchange.streamEnd,
    candidates: exchange.candidates,
    attempts: exchange.attempts.map(toAttemptEntry),
  };
}

function toAttemptEntry(attempt: Attempt): AttemptEntry {
  const { target, outcome, failure, startedAt, firstByteAt, endedAt } = attempt;
  return { target, chosenAs: toChosenAs(attempt), outcome, failure, startedAt, firstByteAt, endedAt };
}

function toChosenAs({ pick }: Attempt): AttemptEntry['chosenAs'] {
  if (pick.isLeastBad) return 'least_bad';
  return pick.admission.kind === 'probe' ? 'half_open_probe' : 'best';
}

function explain(entry: Entry): Explanation {
  const { receivedAt } = entry;
  return {
    id: entry.id,
    received_at: new Date(performance.timeOrigin + receivedAt).toISOString(),
    endpoint: entry.endpoint,
    model: entry.model,
    stream: entry.isStream,
    outcome: entry.outcome,
    stream_end: entry.streamEnd,
    duration_ms: round(entry.endedAt - receivedAt),
    candidates: entry.candidates.map(({ provider, model, score, breakerState, isAvailable }) => ({
      provider,
      model,
      score,
      circuit_breaker_state: breakerState,
      available: isAvailable,
    })),
    attempts: entry.attempts.map((attempt) => explainAttempt(attempt, receivedAt)),
  };
}

function explainAttempt(attempt: AttemptEntry, receivedAt: number): object {
  const { target, failure, outcome, firstByteAt } = attempt;
  return {
    provider: target.provider.name,
    model: target.model,
    chosen_as: attempt.chosenAs,
    outcome,
    timeout: failure?.phase ?? null,
    status: failure?.status ?? (outcome === 'success' ? 200 : null),
    detail: failure?.message ?? null,
    started_ms: round(attempt.startedAt - receivedAt),
    first_byte_ms: firstByteAt > 0 ? round(firstByteAt - receivedAt) : null,
    ended_ms: round(attempt.endedAt - receivedAt),
  };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
