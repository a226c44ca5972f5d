/**
 * Why a database could not do what it was asked:
 * - `locked`: another process held the file for longer than the busy limit;
 * - `corrupt`: the file is no database, or is damaged;
 * - `newer_schema`: a newer release wrote it;
 * - `queue_full`: more is waiting than may be held; nothing was written;
 * - `timeout`, `unavailable`: no answer in time or no connection; a write may or may not have been kept;
 * - `full`: no space left; nothing was written;
 * - `closed`: after `close()`; `invalid`: the caller's data; `failed`: anything else, nothing was written.
 */
export type SqlErrorCode =
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

/** What every engine rejects with. */
export class SqlError extends Error {
  override readonly name: string = 'SqlError';
  readonly code: SqlErrorCode;

  constructor(code: SqlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
