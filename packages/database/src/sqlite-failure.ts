import type { SqlErrorCode } from './sql-error.ts';
import { SqlError } from './sql-error.ts';
import type { SqliteFailure } from './sqlite-messages.ts';

/** SQLite's primary result codes: https://www.sqlite.org/rescode.html */
const codes: Readonly<Record<number, SqlErrorCode>> = {
  5: 'locked',
  6: 'locked',
  10: 'unavailable',
  11: 'corrupt',
  13: 'full',
  26: 'corrupt',
};

function hasErrcode(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

/** Names what went wrong in the worker, in a form that survives the way to the main thread. */
export function toSqliteFailure(error: unknown, file: string): SqliteFailure {
  if (error instanceof SqlError) return { code: error.code, message: error.message };
  if (!hasErrcode(error)) return { code: 'failed', message: `${file}: ${String(error)}` };
  const code = codes[error.errcode % 256] ?? 'failed';
  const hint: Partial<Record<SqlErrorCode, string>> = {
    locked: ': another process has it open',
    corrupt: ': it is damaged or no database; it was left as it is, restore a backup or move it away',
    full: ': no space left on the disk',
  };
  return { code, message: `${file}${hint[code] ?? ''} (SQLite ${error.errcode}: ${error.message})` };
}
