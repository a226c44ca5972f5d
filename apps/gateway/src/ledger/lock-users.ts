import { type SqlDialect, type SqlStatement, toStatement } from '@gatewayz/database';
import { type RawBuilder, sql } from 'kysely';
import type { Builder } from '../store/schema.ts';
import { isAmong } from './asked-rows.ts';

/**
 * Takes the rows of the users concerned, in one order for all, before anything is read of them: what the next
 * statements see is then what they change, and two groups never wait for each other. SQLite's transactions exclude
 * each other anyway.
 */
export function lockUsers(
  db: Builder,
  dialect: SqlDialect,
  users: readonly string[] | RawBuilder<unknown>,
): readonly SqlStatement[] {
  if (dialect === 'sqlite') return [];
  if (Array.isArray(users) && users.length === 0) return [];
  const ids = Array.isArray(users) ? sql.join(users) : users;
  const query = sql`select id from users where id in (${ids}) order by id for update`;
  return [toStatement({ compile: () => query.compile(db) })];
}

/** The same for the users in a JSON list, the first parameter; null where nothing has to be locked. */
export function lockUsersSql(dialect: SqlDialect): string | null {
  if (dialect === 'sqlite') return null;
  return `select id from users where ${isAmong(dialect, 'id', 1)} order by id for update`;
}
