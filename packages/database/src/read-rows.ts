import type { SqlValue } from './sql-engine.ts';
import { SqlError } from './sql-error.ts';

/** Reads the `rows` of a statement. Throws a `SqlError` `invalid` where they are no JSON list of lists of values. */
export function readRows(json: string): readonly (readonly SqlValue[])[] {
  const rows = parse(json);
  if (!Array.isArray(rows)) throw new SqlError('invalid', 'The rows of a statement are not a list');
  rows.forEach((row: unknown, index) => {
    if (!Array.isArray(row) || !row.every(isValue))
      throw new SqlError('invalid', `Row ${index} of a statement is not a list of texts, numbers and nulls`);
  });
  return rows as readonly (readonly SqlValue[])[];
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new SqlError('invalid', 'The rows of a statement are not JSON', { cause });
  }
}

function isValue(value: unknown): value is SqlValue {
  return typeof value === 'string' || typeof value === 'number' || value === null;
}
