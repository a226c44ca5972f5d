/**
 * Why an endpoint's poll failed: no whole answer in time; connection refused; any other trouble on the way; a status
 * other than 200 (redirects are not followed); more bytes than allowed; no JSON; JSON without a field that is known.
 */
export const POLL_ERROR_REASONS = [
  'timeout',
  'refused',
  'network',
  'status',
  'too_large',
  'malformed',
  'invalid',
] as const;

/** One of {@link POLL_ERROR_REASONS}. */
export type PollErrorReason = (typeof POLL_ERROR_REASONS)[number];

/** Why an endpoint could not be read; its message holds nothing that the service sent. */
export class HealthPollError extends Error {
  override readonly name = 'HealthPollError';
  readonly reason: PollErrorReason;

  constructor(reason: PollErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Whatever a fetch threw, as one of the known reasons. */
export function toHealthPollError(error: unknown): HealthPollError {
  if (error instanceof HealthPollError) return error;
  const code = readCode(error);
  if (code === 'ECONNREFUSED') return new HealthPollError('refused', 'connection refused', { cause: error });
  if (code.startsWith('HPE_')) return new HealthPollError('malformed', `no HTTP: ${code}`, { cause: error });
  return new HealthPollError('network', `the connection failed: ${code}`, { cause: error });
}

/** A name tried at two addresses fails with both errors in one: they are of a kind as often as not. */
function readCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return readCode(error.errors[0]);
  return 'unknown';
}
