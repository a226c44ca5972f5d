import type { DatabaseSync } from 'node:sqlite';

/** https://www.sqlite.org/rescode.html#range */
const NO_SUCH_PARAMETER = 25;

/**
 * How many parameters a statement has. Node does not tell, and leaves null what is not bound, but refuses a value too
 * many. It is tried on an `explain`, which has the same parameters and changes nothing.
 */
export function countParameters(database: DatabaseSync, sql: string): number {
  const explanation = database.prepare(`explain ${sql}`);
  const values = [null];
  while (takes(() => explanation.get(...values))) values.push(null);
  return values.length - 1;
}

function takes(bind: () => unknown): boolean {
  try {
    bind();
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === NO_SUCH_PARAMETER) return false;
    throw error;
  }
}
