/** Why a query got no answer that can be used. */
export type PrometheusFailureReason =
  | 'timeout'
  | 'network'
  /** Another status than 200; a redirect is one. */
  | 'status'
  | 'too_large'
  /** Not the JSON of an instant query. */
  | 'invalid';

/** A query that failed; its message names no address. */
export class PrometheusFailure extends Error {
  override readonly name = 'PrometheusFailure';
  readonly reason: PrometheusFailureReason;

  constructor(reason: PrometheusFailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
