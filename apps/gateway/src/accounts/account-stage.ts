import { setImmediate as turn } from 'node:timers/promises';
import { type Database, SqlError, type SqlRow } from '@gatewayz/database';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { openGatewayStore } from '../store/open-gateway-store.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { createKeyDirectory, type KeyDirectory } from './key-directory.ts';

/** Accounts on an open database, for tests that every database has to pass. */
export interface AccountStage extends AsyncDisposable {
  readonly database: Database;
  /** The database as accounts and directory see it, which a test may take away. */
  readonly front: DatabaseFront;
  readonly ledger: Ledger;
  readonly accounts: Accounts;
  readonly directory: KeyDirectory;
  /** A directory of another process on the same database. */
  readonly elsewhere: KeyDirectory;
  readonly clock: { advance(ms: number): void };
  /** Monotonic milliseconds of the stage's clock. */
  readonly now: () => number;
  readonly cache: { hit: number; miss: number };
  readonly troubles: unknown[];
  /** Epoch milliseconds of the stage's clock. */
  readonly epochNow: () => number;
}

export const START_MS: number = Date.UTC(2026, 0, 31, 10);
export const PEPPER: Buffer = Buffer.alloc(32, 7);

export interface DatabaseFront extends Database {
  calls: number;
  /** What becomes of calls. */
  mode: 'open' | 'refusing' | 'hanging';
  /** Keeps the answer of the next call back until what this gives is called. */
  holdNext(): () => void;
  /** Resolves when the calls so far have ended and been heard of. */
  idle(): Promise<void>;
}

function createFront(database: Database): DatabaseFront {
  const running: Promise<readonly (readonly SqlRow[])[]>[] = [];
  let gate: Promise<void> | null = null;
  const front: DatabaseFront = {
    calls: 0,
    mode: 'open',
    dialect: database.dialect,
    file: database.file,
    backup: database.backup,
    run(label, write, durability) {
      front.calls += 1;
      if (front.mode === 'refusing') return Promise.reject(new SqlError('unavailable', 'no connection'));
      if (front.mode === 'hanging') return new Promise(() => {});
      const opened = gate;
      gate = null;
      const call = database.run(label, write, durability).then(async (rows) => {
        await opened;
        return rows;
      });
      running.push(call);
      return call;
    },
    holdNext() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    async idle() {
      await Promise.allSettled(running.splice(0));
      await turn();
    },
    connections: () => database.connections(),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  };
  return front;
}

/** Opens accounts: on a Postgres where a URL is given, else in the folder. */
export async function openAccounts(url: string | null, dataFolder: string): Promise<AccountStage> {
  const database = await openGatewayStore({ url, dataFolder });
  const front = createFront(database);
  let nowMs = 0;
  const now = (): number => nowMs;
  const epochNow = (): number => START_MS + nowMs;
  const cache = { hit: 0, miss: 0 };
  const troubles: unknown[] = [];
  const common = { database: front, pepper: PEPPER, now, epochNow };
  const directory = createKeyDirectory({
    ...common,
    onCache: (result) => {
      cache[result] += 1;
    },
    onTrouble: (error) => troubles.push(error),
  });
  const ledger = createLedger(database, epochNow);
  return {
    database,
    front,
    ledger,
    accounts: createAccounts({ ...common, ledger, directory }),
    directory,
    elsewhere: createKeyDirectory(common),
    clock: {
      advance(ms) {
        nowMs += ms;
      },
    },
    cache,
    troubles,
    now,
    epochNow,
    [Symbol.asyncDispose]: () => database.close(),
  };
}
