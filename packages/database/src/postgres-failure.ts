import { DatabaseError } from 'pg';
import { SqlError } from './sql-error.ts';

/** SQLSTATE classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const CONNECTION_LOST = /^(08|57P0[1-5]|53300|25006)/;
const MALFORMED_MESSAGE = '08P01';
/** What a statement without any values is refused with. */
const NO_SUCH_PARAMETER = '42P02';
const CANCELLED = '57014';
const DISK_FULL = '53100';
const CONFLICTS: ReadonlySet<string | undefined> = new Set(['40001', '40P01']);

/** Whether the transaction was undone because of another one: the same again may go well. */
export function isConflict(error: unknown): boolean {
  return error instanceof DatabaseError && CONFLICTS.has(error.code);
}

/** Whether there were more or fewer values than parameters; poolers have the same code for their own troubles. */
function isMisbound({ code, routine }: DatabaseError): boolean {
  return code === NO_SUCH_PARAMETER || (code === MALFORMED_MESSAGE && routine === 'exec_bind_message');
}

/** Whether the connection can be used again after the error. */
export function isConnectionUsable(error: unknown): boolean {
  return error instanceof DatabaseError && (isMisbound(error) || !CONNECTION_LOST.test(error.code ?? ''));
}

/** Names what went wrong; the driver's error is the cause. */
export function toPostgresError(error: unknown): SqlError {
  if (error instanceof SqlError) return error;
  const message = error instanceof Error ? error.message || error.name : String(error);
  const options = { cause: error };
  if (!(error instanceof DatabaseError)) {
    const code = /timeout/i.test(message) ? 'timeout' : 'unavailable';
    return new SqlError(code, `Postgres: ${message}`, options);
  }
  if (error.code === CANCELLED) return new SqlError('timeout', `Postgres: ${message}`, options);
  if (error.code === DISK_FULL) return new SqlError('full', `Postgres: ${message}`, options);
  if (isMisbound(error)) return new SqlError('invalid', `Postgres: ${message}`, options);
  const code = CONNECTION_LOST.test(error.code ?? '') ? 'unavailable' : 'failed';
  return new SqlError(code, `Postgres ${error.code}: ${message}`, options);
}
