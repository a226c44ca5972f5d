/**
 * Why an account could not be made or changed as asked:
 * - `unknown`: what it is about is not there;
 * - `exists`: something with this id is there;
 * - `conflict`: it is not in a state that allows this.
 */
export type AccountErrorCode = 'unknown' | 'exists' | 'conflict';

/** What every account function rejects with beside the database's `SqlError`. */
export class AccountError extends Error {
  override readonly name: string = 'AccountError';
  readonly code: AccountErrorCode;

  constructor(code: AccountErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
