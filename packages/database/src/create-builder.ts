import type { Dialect } from 'kysely';
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';

/** The kinds of SQL that are written. */
export type SqlDialect = 'sqlite' | 'postgres';

const dialects: Readonly<Record<SqlDialect, Dialect>> = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
};

/** Writes statements of a dialect; it has no connection and runs none. */
export function createBuilder<Tables>(dialect: SqlDialect): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: dialects[dialect] });
}

/** The type of texts: in the order of their bytes, whatever the locale of the database: SQLite's own, and the cheapest. */
export function textType(dialect: SqlDialect): 'text' | RawBuilder<unknown> {
  return dialect === 'postgres' ? sql`text collate "C"` : 'text';
}
