import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBuilder, type Database, toStatement } from '@gatewayz/database';
import type { Tables } from '../store/tables.ts';

/** Where the secret comes from with which keys are hashed. */
export interface KeyPepperOptions {
  /** As the environment has it, at least 32 characters; null: a file in the data folder. */
  readonly configured: string | null;
  readonly dataFolder: string;
  readonly database: Database;
}

const FILE = 'key-pepper';
const BYTES = 32;

/**
 * Reads the secret that keys are hashed with; the first time it is made, for its owner alone. Without it no key of the
 * database can be told from a guess. Rejects where it is too short, damaged, or gone while there are keys.
 */
export async function openKeyPepper({ configured, dataFolder, database }: KeyPepperOptions): Promise<Buffer> {
  if (configured !== null) return readConfigured(configured);
  const file = join(dataFolder, FILE);
  const kept = await readKept(file);
  if (kept !== null) return kept;
  if (await hasKeys(database)) {
    throw new Error(
      `${file} is missing, and the database holds keys that were made with it: all of them would be refused. ` +
        'Put it back, or set GATEWAYZ_KEY_PEPPER to the same on all machines; with a new one, all keys must be made anew.',
    );
  }
  await create(file, dataFolder);
  return (await readKept(file)) ?? Promise.reject(new Error(`${file} could not be read back.`));
}

function readConfigured(text: string): Buffer {
  if (text.length < BYTES) {
    throw new Error(`GATEWAYZ_KEY_PEPPER: expected at least ${BYTES} characters, received ${text.length}.`);
  }
  return Buffer.from(text);
}

async function readKept(file: string): Promise<Buffer | null> {
  try {
    const kept = await readFile(file);
    if (kept.length === BYTES) return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  throw new Error(`${file}: expected ${BYTES} bytes. It is damaged; restore it from a backup.`);
}

/** Whole or not at all, and never over another process's. */
async function create(file: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(randomBytes(BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function hasKeys(database: Database): Promise<boolean> {
  const db = createBuilder<Tables>(database.dialect);
  const query = db.selectFrom('api_keys').select('id').where('revoked_at_ms', 'is', null).limit(1);
  const [rows = []] = await database.run({ table: 'api_keys', operation: 'select' }, () => [
    toStatement(query),
  ]);
  return rows.length > 0;
}
