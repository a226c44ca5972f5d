import { randomBytes } from 'node:crypto';
import { createBuilder, type Database, type SqlStatement, toStatement } from '@gatewayz/database';
import type { Compilable } from 'kysely';
import type { Builder } from '../store/schema.ts';
import type { Tables } from '../store/tables.ts';

/** What the accounts are read from and written to. */
export interface AccountStore {
  readonly database: Database;
  readonly db: Builder;
  readonly epochNow: () => number;
}

/** A part of a list, and whether there is more behind it. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
}

/** Which part of a list is wanted: so many, behind the one with this id. */
export interface PageQuery {
  readonly limit: number;
  readonly after?: string | undefined;
}

export function createAccountStore(database: Database, epochNow: () => number): AccountStore {
  return { database, db: createBuilder<Tables>(database.dialect), epochNow };
}

/** Runs one query, after others in the same transaction, and gives its rows. */
export async function runQuery<Row>(
  { database }: AccountStore,
  [table, operation]: readonly [table: keyof Tables, operation: 'select' | 'insert' | 'update'],
  query: Compilable<Row>,
  first: readonly SqlStatement[] = [],
): Promise<readonly Row[]> {
  const results = await database.run({ table, operation }, () => [...first, toStatement(query)]);
  return (results.at(-1) ?? []) as unknown as readonly Row[];
}

/** Cuts the one row off that was asked for beyond the limit. */
export function toPage<Row>(rows: readonly Row[], { limit }: PageQuery): Page<Row> {
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
}

/** An id that nothing else has; those of one kind are in the order of their making, by the millisecond. */
export function createId(kind: 'user' | 'key' | 'sub' | 'trial', epochMs: number): string {
  return `${kind}_${epochMs.toString(16).padStart(12, '0')}${randomBytes(8).toString('hex')}`;
}
