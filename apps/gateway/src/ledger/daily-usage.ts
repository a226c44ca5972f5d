import { randomUUID } from 'node:crypto';
import { type Database, toStorableText } from '@gatewayz/database';
import type { DailyUsageColumns } from '../store/tables.ts';
import type { Charge } from './charge.ts';
import { dailyUsageStatements } from './daily-usage-statements.ts';
import { toDay } from './to-day.ts';

/** What a request used that nobody pays for. */
export type FreeUsage = Omit<Charge, 'requestId' | 'userId' | 'creditsMicro' | 'isStreaming'>;

export interface DailyUsageOptions {
  readonly database: Database;
  /** How often what was added is written; default 1,000 ms. */
  readonly flushMs?: number;
  /** Hears of the first failure of each outage, and of what was lost at the end. */
  readonly onTrouble: (message: string, error: unknown) => void;
}

/**
 * Sums up what keys of the configuration use, by day, key, provider and model. Nobody waits for it: it is written once
 * a second, each sum exactly once, and what a process that is killed had not written yet is lost.
 */
export interface DailyUsage {
  add(usage: FreeUsage): void;
  /** Writes all there is; never rejects. False where the database did not take it: it will be tried again. */
  flush(): Promise<boolean>;
  /** Writes what is left, once; what the database does not take then is lost. Never rejects. */
  close(): Promise<void>;
}

type Sums = { -readonly [Name in keyof DailyUsageColumns]: DailyUsageColumns[Name] };
type Batch = { readonly number: number; readonly rows: readonly DailyUsageColumns[] };

const FLUSH_MS = 1000;

/** Creates the sums of this process. */
export function createDailyUsage(options: DailyUsageOptions): DailyUsage {
  return new SummedUsage(options);
}

class SummedUsage implements DailyUsage {
  readonly #options: DailyUsageOptions;
  readonly #statements: ReturnType<typeof dailyUsageStatements>;
  readonly #writer = randomUUID();
  #isKnown = false;
  #batches = 0;
  /** What was added since the last batch was made. */
  #sums = new Map<string, Sums>();
  /** Made and not yet known to be in the database. */
  #batch: Batch | null = null;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<boolean> | null = null;
  #isFailing = false;
  #isClosed = false;

  constructor(options: DailyUsageOptions) {
    this.#options = options;
    this.#statements = dailyUsageStatements(options.database.dialect);
  }

  add({ keyId, atMs, provider, model, usage, costMicroUsd, isEstimated }: FreeUsage): void {
    const day = toDay(atMs);
    const id = `${day} ${keyId} ${provider} ${model}`;
    let sums = this.#sums.get(id);
    if (sums === undefined) {
      sums = emptySums(day, keyId, provider, toStorableText(model));
      this.#sums.set(id, sums);
      this.#schedule();
    }
    sums.requests += 1;
    sums.input_tokens += usage.inputTokens;
    sums.output_tokens += usage.outputTokens;
    sums.cached_tokens += usage.cachedInputTokens;
    sums.reasoning_tokens += usage.reasoningTokens;
    sums.cost_micro_usd += costMicroUsd ?? 0;
    if (costMicroUsd === null) sums.unpriced_requests += 1;
    if (isEstimated) sums.estimated_requests += 1;
  }

  async flush(): Promise<boolean> {
    while (this.#flushing !== null) await this.#flushing;
    if (this.#batch === null && this.#sums.size === 0) return true;
    this.#flushing = this.#write().finally(() => {
      this.#flushing = null;
      this.#schedule();
    });
    return this.#flushing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // One batch may have been waiting for the database, and what came since is the next.
    const isWritten = (await this.flush()) && (await this.flush());
    if (!isWritten) this.#options.onTrouble('usage of keys of the configuration was lost', null);
  }

  /** Tries the batch that is not known to be written again, else the next one. */
  async #write(): Promise<boolean> {
    const batch = this.#nextBatch();
    const { database, onTrouble } = this.#options;
    const label = { table: 'daily_usage', operation: 'insert' };
    try {
      await database.run(label, () => [
        ...(this.#isKnown ? [] : this.#statements.addWriter(this.#writer)),
        ...this.#statements.add(this.#writer, batch.number, batch.rows),
      ]);
      this.#isKnown = true;
      this.#isFailing = false;
      this.#batch = null;
      return true;
    } catch (error) {
      if (!this.#isFailing) onTrouble('the usage of keys of the configuration is not written', error);
      this.#isFailing = true;
      return false;
    }
  }

  #nextBatch(): Batch {
    if (this.#batch === null) {
      // In one order for all processes, so that none waits for another that waits for it.
      const ids = [...this.#sums.keys()].toSorted();
      const rows = ids.map((id) => this.#sums.get(id) as DailyUsageColumns);
      this.#batches += 1;
      this.#batch = { number: this.#batches, rows };
      this.#sums = new Map();
    }
    return this.#batch;
  }

  #schedule(): void {
    if (this.#isClosed || this.#timer !== null || this.#flushing !== null) return;
    if (this.#batch === null && this.#sums.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, this.#options.flushMs ?? FLUSH_MS);
    this.#timer.unref();
  }
}

function emptySums(day: string, keyId: string, provider: string, model: string): Sums {
  return {
    day,
    key_id: keyId,
    provider,
    model,
    requests: 0,
    input_tokens: 0,
    output_tokens: 0,
    cached_tokens: 0,
    reasoning_tokens: 0,
    cost_micro_usd: 0,
    unpriced_requests: 0,
    estimated_requests: 0,
  };
}
