/**
 * Why a store could not do what it was asked:
 * - `locked`: another process held the file for longer than the busy limit;
 * - `corrupt`: the file is no database, or is damaged;
 * - `newer_schema`: a newer release wrote it;
 * - `queue_full`: more is waiting than the store may hold; nothing was written;
 * - `timeout`, `unavailable`: no answer in time or no connection; a write may or may not have been kept;
 * - `full`: no space left; nothing was written;
 * - `closed`: after `close()`; `invalid`: the caller's data; `failed`: anything else, nothing was written.
 */
export type StoreErrorCode =
  | 'locked'
  | 'corrupt'
  | 'newer_schema'
  | 'queue_full'
  | 'timeout'
  | 'unavailable'
  | 'full'
  | 'closed'
  | 'invalid'
  | 'failed';

/** What every store rejects with. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
