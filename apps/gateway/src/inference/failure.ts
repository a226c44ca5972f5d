import type { Outcome, TimeoutPhase } from '@gatewayz/provider-health';

/** Why an attempt did not end in an answer. */
export interface Failure {
  readonly outcome: Exclude<Outcome, 'success'>;
  /** The provider's HTTP status, where it sent one. */
  readonly status: number | null;
  /** Which deadline passed, for the outcome `timeout`. */
  readonly phase: TimeoutPhase | null;
  /** The system's or the client library's code, where the connection failed. */
  readonly code: string | null;
  /** For people: what happened, free of secrets. */
  readonly message: string;
  /** What the provider said, where it said it in OpenAI's way. */
  readonly said: ProviderError | null;
  /** How long the provider asked to be left alone. */
  readonly retryAfterMs: number | null;
}

/** A provider's error in OpenAI's shape, free of secrets and bounded in length. */
export interface ProviderError {
  readonly message: string;
  readonly type: string | null;
  readonly param: string | null;
  readonly code: string | null;
}

/** Codes of a connection that broke before an answer: the request may not even have been read. */
const RESET_CODES: ReadonlySet<string | null> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Whether the same target deserves one more try at once: a reset, or a bare 500. */
export function isPassing(failed: Failure): boolean {
  return failed.status === 500 || (failed.outcome === 'network' && RESET_CODES.has(failed.code));
}

/** Whether its `Retry-After` says that the same request may do better then; no wait mends a refusal of it. */
export function asksToWait({ outcome }: Failure): boolean {
  return outcome === 'rate_limited' || outcome === 'provider_error';
}

/** Whether another target may do what this one did not: the caller's own mistakes stay with the caller. */
export function mayTryElsewhere(failed: Failure): boolean {
  if (failed.outcome === 'client_closed') return false;
  if (failed.outcome === 'gateway') return false;
  if (failed.outcome !== 'caller') return true;
  return failed.status === 404 || failed.status === 413 || failed.said?.code === 'context_length_exceeded';
}

/** A failure with its less common parts left empty. */
export function failure(
  outcome: Failure['outcome'],
  message: string,
  more: Partial<Omit<Failure, 'outcome' | 'message'>> = {},
): Failure {
  return { outcome, message, status: null, phase: null, code: null, said: null, retryAfterMs: null, ...more };
}
