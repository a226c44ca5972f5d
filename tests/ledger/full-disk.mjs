// Loaded before the gateway, and so in its database threads: while the file that FULL_DISK names is there, no SQLite
// database may grow, as on a full disk.
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const NO_LIMIT = 1_073_741_823;
const exec = DatabaseSync.prototype.exec;

DatabaseSync.prototype.exec = function (sql) {
  if (sql.startsWith('begin')) {
    exec.call(this, `pragma max_page_count = ${existsSync(process.env.FULL_DISK ?? '') ? 1 : NO_LIMIT}`);
  }
  return exec.call(this, sql);
};
