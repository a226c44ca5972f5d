import type { Compilable } from 'kysely';
import type { SqlStatement, SqlValue } from './sql-engine.ts';

/** What a query says, without the tree that it was written as. */
export function toStatement(query: Compilable): SqlStatement {
  const { sql, parameters } = query.compile();
  return { sql, parameters: parameters as readonly SqlValue[] };
}

/** Postgres has no place for NUL in a text, and neither database for half a surrogate pair. */
export function toStorableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}
