import type { Durability, SqlRow, SqlSchema, SqlStatement } from './sql-engine.ts';
import type { SqlErrorCode } from './sql-error.ts';

/** What the worker is started with. */
export interface SqliteWorkerData {
  readonly file: string;
  readonly busyTimeoutMs: number;
  readonly schema: SqlSchema;
  readonly isShared: boolean;
}

/** What the worker is asked; `close` is the last. */
export type SqliteRequest =
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly statements: readonly SqlStatement[];
      readonly durability: Durability;
    }
  | { readonly kind: 'backup'; readonly id: number; readonly file: string }
  | { readonly kind: 'close' };

export interface SqliteFailure {
  readonly code: SqlErrorCode;
  readonly message: string;
}

/** What the worker says: `opened` or `refused` first, then one answer for each `run`. */
export type SqliteAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: SqliteFailure }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: readonly (readonly SqlRow[])[] }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: SqliteFailure };
