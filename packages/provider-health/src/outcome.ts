/**
 * How one attempt at one target ended: the closed union that metrics, logs, spans and breakers share.
 *
 * `caller`: the request itself was refused. `rate_limited`, `credentials`: the provider works, but not for us
 * now. `provider_error`: it failed or answered something that is not whole. `timeout`: a deadline passed (see
 * {@link TimeoutPhase}). `network`: no usable connection. `client_closed`: the client left. `gateway`: our own
 * failure.
 */
export type Outcome =
  | 'success'
  | 'caller'
  | 'rate_limited'
  | 'credentials'
  | 'provider_error'
  | 'timeout'
  | 'network'
  | 'client_closed'
  | 'gateway';

/** Which deadline an attempt with the outcome `timeout` ran into. */
export type TimeoutPhase = 'connect' | 'first_token' | 'idle' | 'total';

/** What a circuit breaker is told of an attempt: `neutral` says nothing about the provider. */
export type Verdict = 'success' | 'failure' | 'neutral';

/** Every {@link Outcome}, in a fixed order. */
export const OUTCOMES: readonly Outcome[] = Object.freeze([
  'success',
  'caller',
  'rate_limited',
  'credentials',
  'provider_error',
  'timeout',
  'network',
  'client_closed',
  'gateway',
]);

/** True for the outcomes that enter a provider's error rate and breaker: `provider_error`, `timeout`, `network`. */
export function countsAgainstProvider(outcome: Outcome): boolean {
  return verdictOf(outcome) === 'failure';
}

/** The verdict on the provider that an outcome carries. */
export function verdictOf(outcome: Outcome): Verdict {
  switch (outcome) {
    case 'success':
      return 'success';
    case 'provider_error':
    case 'timeout':
    case 'network':
      return 'failure';
    case 'caller':
    case 'rate_limited':
    case 'credentials':
    case 'client_closed':
    case 'gateway':
      return 'neutral';
    default:
      return outcome satisfies never;
  }
}

/**
 * The outcome of an attempt that was answered with this HTTP status.
 *
 * 402 is `credentials`: the account behind the key is out of credit, which neither the caller nor a retry can
 * mend. A redirect is `provider_error`, because none is followed; so is a number that is no final status.
 */
export function classifyStatus(status: number): Outcome {
  if (status >= 200 && status < 300) return 'success';
  if (!(status >= 400 && status < 500)) return 'provider_error';
  switch (status) {
    case 401:
    case 402:
    case 403:
      return 'credentials';
    case 408:
      return 'provider_error';
    case 429:
      return 'rate_limited';
    default:
      return 'caller';
  }
}
