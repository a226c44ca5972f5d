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
  find(id: string, keyId: string): Explanation | null;
}

/** What is kept of an attempt. */
class AttemptEntry {
  target: Target | null = null;
  chosenAs: 'best' | 'half_open_probe' | 'least_bad' = 'best';
  outcome: Outcome | null = null;
  failure: Failure | null = null;
  startedAt = 0;
  firstByteAt = 0;
  endedAt = 0;

  fill(attempt: Attempt): void {
    this.target = attempt.target;
    this.chosenAs = toChosenAs(attempt);
    this.outcome = attempt.outcome;
    this.failure = attempt.failure;
    this.startedAt = attempt.startedAt;
    this.firstByteAt = attempt.firstByteAt;
    this.endedAt = attempt.endedAt;
  }
}

/**
 * What is kept of a request: numbers and names, to be worded when somebody asks. An entry is filled again for another
 * request when its turn comes: a thousand new ones would outlive the young generation and be copied for nothing.
 */
class Entry {
  id = '';
  keyId = '';
  receivedAt = 0;
  endedAt = 0;
  endpoint = '';
  model = '';
  isStream = false;
  outcome: Outcome | null = null;
  streamEnd: StreamEnd | null = null;
  candidates: readonly Candidate[] = [];
  readonly attempts: AttemptEntry[] = [];

  fill(exchange: Exchange): void {
    const { arrival } = exchange;
    this.id = arrival.id;
    this.keyId = arrival.caller.keyId;
    this.receivedAt = arrival.times.receivedAt;
    this.endedAt = exchange.endedAt;
    this.endpoint = arrival.endpoint.route;
    this.model = arrival.route.label;
    this.isStream = exchange.wantsStream;
    this.outcome = exchange.outcome;
    this.streamEnd = exchange.streamEnd;
    this.candidates = exchange.candidates;
    this.#fillAttempts(exchange.attempts);
  }

  #fillAttempts(attempts: readonly Attempt[]): void {
    this.attempts.length = Math.min(this.attempts.length, attempts.length);
    for (let index = 0; index < attempts.length; index += 1) {
      if (this.attempts[index] === undefined) this.attempts.push(new AttemptEntry());
      this.attempts[index]?.fill(attempts[index] as Attempt);
    }
  }
}

/** Keeps the last `capacity` requests in memory. */
export function createExplanations(capacity: number): Explanations {
  const ring: Entry[] = [];
  let next = 0;
  return {
    add(exchange) {
      let entry = ring[next];
      if (entry === undefined) {
        entry = new Entry();
        ring[next] = entry;
      }
      entry.fill(exchange);
      next = (next + 1) % capacity;
    },
    find(id, keyId) {
      const entry = ring.find((one) => one.id === id && one.keyId === keyId);
      return entry === undefined ? null : explain(entry);
    },
  };
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
    provider: target?.provider.name ?? null,
    model: target?.model ?? null,
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
