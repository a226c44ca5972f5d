import { closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createFolder } from './create-folder.ts';
import type { SqlSchema } from './sql-engine.ts';
import { SqlError } from './sql-error.ts';
import type { SqliteWorkerData } from './sqlite-messages.ts';

/** A larger file is read only where it is used: checking all of it would hold up the start for many seconds. */
const CHECKED_BYTES = 256 * 1024 * 1024;
const WAL_KEPT_BYTES = 64 * 1024 * 1024;

function createPrivately(file: string): void {
  createFolder(dirname(file));
  closeSync(openSync(file, 'a', 0o600));
}

function check(database: DatabaseSync, file: string): void {
  if (statSync(file).size > CHECKED_BYTES) return;
  const problem = database.prepare('pragma quick_check(1)').get()?.quick_check;
  if (problem === 'ok') return;
  throw new SqlError('corrupt', `${file} is damaged; it was left as it is: ${String(problem)}`);
}

function migrate(database: DatabaseSync, { versionTable, migrations }: SqlSchema, file: string): void {
  database.exec('begin immediate');
  database.exec(`create table if not exists ${versionTable} (version integer primary key)`);
  const current = Number(
    database.prepare(`select max(version) as version from ${versionTable}`).get()?.version ?? 0,
  );
  if (current > (migrations.at(-1)?.version ?? 0)) {
    throw new SqlError('newer_schema', `${file} was written by a newer release (schema ${current})`);
  }
  for (const { version, statements } of migrations.filter((migration) => migration.version > current)) {
    for (const statement of statements) database.exec(statement);
    database.prepare(`insert into ${versionTable} values (?)`).run(version);
  }
  database.exec('commit');
}

/**
 * Opens a file, which is created for its owner alone, as this process's own unless it is shared: every other one is
 * locked out until it is closed. Every commit is on the disk when it returns. Throws SQLite's errors and `SqlError`s.
 */
export function openSqliteDatabase({
  file,
  busyTimeoutMs,
  schema,
  isShared,
}: SqliteWorkerData): DatabaseSync {
  createPrivately(file);
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    if (!isShared) database.exec('pragma locking_mode = exclusive');
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec(`pragma journal_size_limit = ${WAL_KEPT_BYTES}`);
    check(database, file);
    migrate(database, schema, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
