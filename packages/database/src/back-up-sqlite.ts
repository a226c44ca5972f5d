import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { SqlError } from './sql-error.ts';

/** Between two steps others get their turn. */
const PAGES_AT_ONCE = 500;

/**
 * Copies a database that is in use into a file for its owner alone, whole and checked or not at all, and never over
 * another file. Rejects with SQLite's and Node's errors, and with `corrupt` where the copy is damaged.
 */
export async function backUpSqlite(database: DatabaseSync, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  try {
    await (await open(draft, 'wx', 0o600)).close();
    await backup(database, draft, { rate: PAGES_AT_ONCE });
    check(draft);
    const handle = await open(draft, 'r+');
    await handle.sync();
    await handle.close();
    await link(draft, file);
  } finally {
    await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(`${draft}${suffix}`, { force: true })));
  }
}

/** A copy of a database in WAL mode is one file again, so that nothing but it has to be kept. */
function check(file: string): void {
  const copy = new DatabaseSync(file);
  try {
    copy.exec('pragma journal_mode = delete');
    const problem = copy.prepare('pragma quick_check(1)').get()?.quick_check;
    if (problem !== 'ok') throw new SqlError('corrupt', `the backup ${file} is damaged: ${String(problem)}`);
  } finally {
    copy.close();
  }
}
