import { join } from 'node:path';
import type { Database, QueryEvent } from '@gatewayz/database';
import { createDailyUsage, type DailyUsage } from '../ledger/daily-usage.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { openSettlements, type Settlements } from '../ledger/settlements.ts';
import { openGatewayStore } from '../store/open-gateway-store.ts';

/** The gateway's database, and what is kept in it. */
export interface Books {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly settlements: Settlements;
  readonly dailyUsage: DailyUsage;
  /** Ends everything; charges that are under way are written first. */
  close(): Promise<void>;
}

export interface BooksOptions {
  readonly databaseUrl: string | null;
  readonly dataFolder: string;
  /** Which of several processes on one machine this is; null, the default, where it is the only one. */
  readonly worker?: number | null;
  /** Hears of every call of the database. */
  readonly onQuery: (event: QueryEvent) => void;
  readonly onTrouble: (message: string, error: unknown) => void;
  /** How often reservations are looked for that nobody has settled; default 60,000 ms. */
  readonly expiryMs?: number;
}

/** The tables that say how much may be spent. */
const OWNERS: ReadonlySet<string> = new Set(['users', 'api_keys']);
const READS: ReadonlySet<string> = new Set(['select', 'count']);

const EXPIRY_MS = 60_000;
/** A hanging database is given up before a client's patience is. */
const STATEMENT_TIMEOUT_MS = 3000;

/** Opens the database with its schema up to date. Rejects with a `SqlError`. */
export async function openBooks(options: BooksOptions): Promise<Books> {
  const { databaseUrl, dataFolder, worker = null, onQuery, onTrouble, expiryMs = EXPIRY_MS } = options;
  const database = await openGatewayStore({
    url: databaseUrl,
    dataFolder,
    isShared: worker !== null,
    onQuery(event) {
      if (!READS.has(event.operation) && OWNERS.has(event.table)) ledger.forget();
      onQuery(event);
    },
    onConnectionLost: (error) => onTrouble('a database connection was lost', error),
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const ledger: Ledger = createLedger(database, Date.now, databaseUrl === null && worker === null);
  const prefix = `charges-${worker ?? 1}`;
  const dailyUsage = createDailyUsage({ database, onTrouble });
  const settlements = await openSettlements({
    ledger,
    folder: join(dataFolder, 'journal'),
    prefix,
    onTrouble,
  });
  const expire = (): void => {
    ledger.expire(Date.now()).catch((error: unknown) => onTrouble('reservations could not be ended', error));
  };
  expire();
  const timer = setInterval(expire, expiryMs).unref();
  return {
    database,
    ledger,
    settlements,
    dailyUsage,
    async close() {
      clearInterval(timer);
      await ledger.idle();
      await dailyUsage.close();
      await settlements.close();
      await database.close();
    },
  };
}
