import { createBuilder, type Database, openDatabase, SqlError, toStatement } from '@gatewayz/database';
import type { Charge } from './charge.ts';
import { isOfItem } from './group-commit.ts';
import type { Ledger } from './ledger.ts';

interface Tables {
  unsettled: { request_id: string; document: string };
}

/** Where charges go that the ledger cannot take now. */
export interface SettlementsOptions {
  readonly ledger: Ledger;
  /** A SQLite file of this process's own. */
  readonly spoolFile: string;
  /** How long the ledger may take before a charge is kept aside; 1,000 ms by default. */
  readonly patienceMs?: number;
  /** The first wait before charges kept aside are tried again, doubled up to a minute; 500 ms by default. */
  readonly retryMs?: number;
  /**
   * Hears of a charge that could not be kept on the disk at all, of the first failure of each outage, and of each
   * charge that the ledger takes for none, once.
   */
  readonly onTrouble: (message: string, error: unknown) => void;
}

/** Settles requests whatever state the ledger's database is in: what cannot be written there is kept and tried again. */
export interface Settlements extends AsyncDisposable {
  /** Resolves when the charge is durable, in the ledger or aside; never rejects. */
  settle(charge: Charge): Promise<void>;
  /** Charges that are kept aside. */
  backlog(): number;
  /** Tries what is kept aside now; resolves when that has been tried. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const MAX_RETRY_MS = 60_000;
const FLUSHED_AT_ONCE = 500;
/** Charges that not even the disk takes are kept in memory, up to here. */
const MAX_IN_MEMORY = 10_000;

const migrations = [
  {
    version: 1,
    statements: ['create table unsettled (request_id text primary key, document text not null)'],
  },
];
const schema = { versionTable: 'gatewayz_spool_schema', migrations };

/** Opens the spool with what an earlier process left in it, and goes on trying to settle that. */
export async function openSettlements(options: SettlementsOptions): Promise<Settlements> {
  const spool = await openDatabase({
    url: null,
    file: options.spoolFile,
    schemas: { sqlite: schema, postgres: schema },
    applicationName: 'gatewayz-spool',
  });
  const settlements = new SpooledSettlements(options, spool);
  await settlements.load();
  return settlements;
}

class SpooledSettlements implements Settlements {
  readonly #options: SettlementsOptions;
  readonly #spool: Database;
  readonly #db = createBuilder<Tables>('sqlite');
  /** What is kept aside: on the disk, or in memory alone where the disk did not take it. */
  readonly #kept = new Map<string, Charge>();
  /** Those of them that the ledger refused for what they are: tried again, but behind all others. */
  readonly #refused = new Set<string>();
  readonly #retryMs: number;
  #nextRetryMs: number;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: SettlementsOptions, spool: Database) {
    this.#options = options;
    this.#spool = spool;
    this.#retryMs = options.retryMs ?? 500;
    this.#nextRetryMs = this.#retryMs;
  }

  async load(): Promise<void> {
    const select = toStatement(this.#db.selectFrom('unsettled').select(['request_id', 'document']));
    const [rows = []] = await this.#spool.run({ table: 'unsettled', operation: 'select' }, () => [select]);
    for (const { request_id: id, document } of rows) {
      try {
        this.#kept.set(String(id), JSON.parse(String(document)) as Charge);
      } catch (error) {
        this.#options.onTrouble(`the charge ${id} is kept aside, and cannot be read`, error);
      }
    }
    this.#schedule();
  }

  backlog(): number {
    return this.#kept.size;
  }

  async settle(charge: Charge): Promise<void> {
    try {
      await withPatience(this.#options.ledger.settle(charge), this.#options.patienceMs ?? 1000);
    } catch (error) {
      await this.#keep(charge, error);
    }
  }

  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
      this.#schedule();
    });
    return this.#flushing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#flushing;
    await this.#spool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #keep(charge: Charge, cause: unknown): Promise<void> {
    if (this.#kept.size === this.#refused.size) {
      this.#options.onTrouble('charges are kept aside: the ledger does not take them', cause);
      this.#beginAnew();
    }
    const insert = this.#db
      .insertInto('unsettled')
      .values({ request_id: charge.requestId, document: JSON.stringify(charge) })
      .onConflict((conflict) => conflict.column('request_id').doNothing());
    try {
      await this.#spool.run({ table: 'unsettled', operation: 'insert' }, () => [toStatement(insert)]);
    } catch (error) {
      this.#options.onTrouble('a charge could not be kept on the disk', error);
      if (this.#kept.size >= MAX_IN_MEMORY) return;
    }
    this.#kept.set(charge.requestId, charge);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isClosed || this.#timer !== null || this.#flushing !== null || this.#kept.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, this.#nextRetryMs);
    this.#timer.unref();
    this.#nextRetryMs = Math.min(this.#nextRetryMs * 2, MAX_RETRY_MS);
  }

  /** Those that are tried in vain are tried rarely; others need not wait for their turn. */
  #beginAnew(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#nextRetryMs = this.#retryMs;
  }

  async #flush(): Promise<void> {
    const kept = [...this.#kept].slice(0, FLUSHED_AT_ONCE);
    const results = await Promise.allSettled(
      kept.map(async ([, charge]) => this.#options.ledger.settle(charge)),
    );
    const ids: string[] = [];
    for (const [index, [id, charge]] of kept.entries()) {
      const result = results[index];
      if (result?.status === 'fulfilled') ids.push(id);
      else if (isOfItem(result?.reason)) this.#setBack(id, charge, result?.reason);
    }
    if (ids.length === 0) return;
    this.#nextRetryMs = this.#retryMs;
    const remove = toStatement(this.#db.deleteFrom('unsettled').where('request_id', 'in', ids));
    try {
      await this.#spool.run({ table: 'unsettled', operation: 'delete' }, () => [remove]);
    } catch (error) {
      // They will be settled again after the next start, which does nothing.
      this.#options.onTrouble('settled charges could not be taken off the disk', error);
    }
    for (const id of ids) {
      this.#kept.delete(id);
      this.#refused.delete(id);
    }
  }

  /** A charge that the ledger does not take for what it is must not stand in the way of the others. */
  #setBack(id: string, charge: Charge, reason: unknown): void {
    this.#kept.delete(id);
    this.#kept.set(id, charge);
    if (this.#refused.has(id)) return;
    this.#refused.add(id);
    this.#options.onTrouble(`the charge ${id} is kept aside: the ledger refuses it`, reason);
  }
}

/** Rejects when the work takes longer; what it goes on to do is harmless, for a charge counts once. */
async function withPatience(work: Promise<void>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new SqlError('timeout', 'the ledger did not answer in time')),
      patienceMs,
    );
  });
  try {
    await Promise.race([work, impatience]);
  } finally {
    clearTimeout(timer);
  }
}
