import type { Charge } from './charge.ts';
import { type ChargeRow, readChargeRow, toChargeRow } from './charge-row.ts';
import { isOfItem } from './group-commit.ts';
import { type ChargeJournal, type JournalEntry, openChargeJournal } from './journal/charge-journal.ts';
import { type Ledger, PATIENCE_MS } from './ledger.ts';

/** Where charges are kept until they are in the ledger. */
export interface SettlementsOptions {
  readonly ledger: Pick<Ledger, 'settle'>;
  /** A folder on the disk, and what the names of this process's files there begin with. */
  readonly folder: string;
  readonly prefix: string;
  /** How long an answer waits for the ledger where the journal does not take its charge; 1,000 ms by default. */
  readonly patienceMs?: number;
  /** The first wait before charges that failed are tried again, doubled up to a minute; 500 ms by default. */
  readonly retryMs?: number;
  /**
   * Hears of a charge that could not be kept on the disk at all, of the first failure of each outage, and of each
   * charge that the ledger takes for none, once.
   */
  readonly onTrouble: (message: string, error: unknown) => void;
}

/** Settles requests whatever state the ledger's database is in: charges are written down first, and tried until they are in it. */
export interface Settlements extends AsyncDisposable {
  /** Resolves when the charge outlives this process; never rejects. */
  settle(charge: Charge): Promise<void>;
  /** Charges that the database did not take, or not within a second. */
  backlog(): number;
  /** Tries what the database did not take now; resolves when that has been tried. */
  flush(): Promise<void>;
  /** What is not in the ledger by now is left to the next process. */
  close(): Promise<void>;
}

interface Settlement {
  readonly row: ChargeRow;
  /** Null where it is in no journal, or not yet. */
  entry: JournalEntry | null;
  isInLedger: boolean;
  /** By `performance.now()`. */
  readonly sinceMs: number;
}

const MAX_RETRY_MS = 60_000;
const FLUSHED_AT_ONCE = 500;
/** Charges that not even the disk takes are kept in memory, up to here. */
const MAX_IN_MEMORY = 10_000;

/** Opens the journal with what an earlier process left in it, and goes on trying to settle that. */
export async function openSettlements(options: SettlementsOptions): Promise<Settlements> {
  const { folder, prefix, onTrouble } = options;
  const journal = await openChargeJournal({ folder, prefix, onTrouble });
  const settlements = new JournaledSettlements(options, journal);
  settlements.load();
  return settlements;
}

class JournaledSettlements implements Settlements {
  readonly #options: SettlementsOptions;
  readonly #journal: ChargeJournal;
  /** What the ledger is taking, oldest first. */
  readonly #tried = new Set<Settlement>();
  /** What the disk did not take. */
  readonly #inMemory = new Set<Settlement>();
  /** What the ledger did not take. */
  readonly #kept = new Map<string, Settlement>();
  /** Those of them that the ledger refused for what they are: tried again, but behind all others. */
  readonly #refused = new Set<string>();
  readonly #retryMs: number;
  #nextRetryMs: number;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> | null = null;
  #isSyncing = false;
  #isClosed = false;

  constructor(options: SettlementsOptions, journal: ChargeJournal) {
    this.#options = options;
    this.#journal = journal;
    this.#retryMs = options.retryMs ?? 500;
    this.#nextRetryMs = this.#retryMs;
  }

  load(): void {
    for (const entry of this.#journal.left) {
      try {
        const row = readChargeRow(entry.text);
        // A line that was being moved may be there twice.
        const twin = this.#kept.get(row.requestId)?.entry;
        if (twin) this.#journal.done([twin]);
        this.#kept.set(row.requestId, { row, entry, isInLedger: false, sinceMs: 0 });
      } catch (error) {
        this.#options.onTrouble('a charge in the journal cannot be read, and is left there', error);
      }
    }
    // What is owed is not to be spent anew.
    if (this.#kept.size > 0) void this.flush();
  }

  backlog(): number {
    const lateSinceMs = performance.now() - PATIENCE_MS;
    let late = 0;
    for (const { sinceMs } of this.#tried) {
      if (sinceMs > lateSinceMs) break;
      late += 1;
    }
    return this.#kept.size + late;
  }

  settle(charge: Charge): Promise<void> {
    const row = toChargeRow(charge);
    const settlement: Settlement = { row, entry: null, isInLedger: false, sinceMs: performance.now() };
    this.#tried.add(settlement);
    const tried = this.#options.ledger.settle(row).then(
      () => {
        this.#tried.delete(settlement);
        this.#done(settlement);
      },
      (error: unknown) => {
        this.#tried.delete(settlement);
        this.#keep(settlement, error);
      },
    );
    return this.#journal.append(row.text).then(
      (entry) => {
        settlement.entry = entry;
        if (settlement.isInLedger) this.#journal.done([entry]);
      },
      (error: unknown) => {
        this.#options.onTrouble('a charge could not be kept on the disk', error);
        if (!settlement.isInLedger) this.#inMemory.add(settlement);
        this.#forgetTooMany(settlement, error);
        return within(tried, this.#options.patienceMs ?? PATIENCE_MS);
      },
    );
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
    await this.#journal.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #done(settlement: Settlement): void {
    settlement.isInLedger = true;
    this.#inMemory.delete(settlement);
    if (settlement.entry !== null) this.#journal.done([settlement.entry]);
  }

  #keep(settlement: Settlement, cause: unknown): void {
    const { requestId } = settlement.row;
    if (this.#kept.size === this.#refused.size) {
      this.#options.onTrouble('charges are kept aside: the ledger does not take them', cause);
      this.#beginAnew();
    }
    this.#kept.set(requestId, settlement);
    this.#forgetTooMany(settlement, cause);
    this.#sync();
    this.#schedule();
  }

  /** What neither the ledger nor the disk takes is not kept without end. */
  #forgetTooMany(settlement: Settlement, cause: unknown): void {
    const { requestId } = settlement.row;
    if (this.#inMemory.size <= MAX_IN_MEMORY || !this.#inMemory.has(settlement)) return;
    if (!this.#kept.delete(requestId)) return;
    this.#inMemory.delete(settlement);
    this.#options.onTrouble(
      `the charge ${requestId} is lost: neither the ledger nor the disk takes it`,
      cause,
    );
  }

  /** What is going to stay in the journal for a while is to outlive the machine too. */
  #sync(): void {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    this.#journal
      .sync()
      .catch((error: unknown) => this.#options.onTrouble('the journal of charges could not be synced', error))
      .finally(() => {
        this.#isSyncing = false;
      });
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
      kept.map(async ([, { row }]) => this.#options.ledger.settle(row)),
    );
    for (const [index, [id, settlement]] of kept.entries()) {
      const result = results[index];
      if (result?.status === 'fulfilled') {
        this.#done(settlement);
        this.#kept.delete(id);
        this.#refused.delete(id);
        this.#nextRetryMs = this.#retryMs;
      } else if (isOfItem(result?.reason)) this.#setBack(id, settlement, result?.reason);
    }
  }

  /** A charge that the ledger does not take for what it is must not stand in the way of the others. */
  #setBack(id: string, settlement: Settlement, reason: unknown): void {
    this.#kept.delete(id);
    this.#kept.set(id, settlement);
    if (this.#refused.has(id)) return;
    this.#refused.add(id);
    this.#options.onTrouble(`the charge ${id} is kept aside: the ledger refuses it`, reason);
  }
}

/** Resolves when the work is done, or has taken so long. */
async function within(work: Promise<void>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  try {
    await Promise.race([work, impatience]);
  } finally {
    clearTimeout(timer);
  }
}
