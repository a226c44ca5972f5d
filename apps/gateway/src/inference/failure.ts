import type { Outcome, TimeoutPhase } from '@gatewayz/provider-health';

/** Why an attempt did not end in an answer. */
export interface Failure {
  readonly outcome: Exclude<Outcome, 'success'>;
  /** The provider's HTTP status, where it sent one. */
  readonly status: number | null;
  /** Which deadline passed, for the outcome `timeout`. */
  readonly phase: TimeoutPhase | null;
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

/** A failure with its less common parts left empty. */
export function failure(
  outcome: Failure['outcome'],
  message: string,
  more: Partial<Omit<Failure, 'outcome' | 'message'>> = {},
): Failure {
  return { outcome, message, status: null, phase: null, said: null, retryAfterMs: null, ...more };
}
