import { DatabaseSync } from 'node:sqlite';
import { SqlError } from '@gatewayz/database';

/**
 * Keeps a name in a folder to this process, until it ends or lets go: the lock of an empty SQLite file, which the system
 * takes back even after a SIGKILL. Throws a `SqlError` with `locked` where another process has it.
 */
export function lockJournal(file: string): () => void {
  const database = new DatabaseSync(file);
  try {
    database.exec('pragma journal_mode = memory');
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    throw new SqlError('locked', `${file}: another process writes charges there (${String(error)})`);
  }
  return () => database.close();
}
