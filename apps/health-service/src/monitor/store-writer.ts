import { SqlError } from '@gatewayz/database';
import type { ProbeCost } from '../core/probe-budget.ts';
import type { Incident, MinuteRow } from '../core/types.ts';
import type { HealthStore, Spent } from '../store/health-store.ts';

/** More rows than this are not kept for a database that is away; the oldest go first. */
const MAX_PENDING_ROWS = 50_000;
const MAX_PENDING_INCIDENTS = 10_000;
/** A write without an answer for so long is told of; a statement may take longer than anybody should wait for that. */
const PATIENCE_MS = 3000;

type Spending = { readonly provider: string; readonly day: string } & ProbeCost;

/**
 * Writes behind: incidents at once, rows and spending in order, and what a failing database did not take again at
 * the next flush. No method rejects.
 */
export class StoreWriter {
  readonly #store: HealthStore;
  readonly #onChange: (error: unknown) => void;
  readonly #incidents = new Map<string, Incident>();
  #rows: MinuteRow[] = [];
  #spending: Spending[] = [];
  #running: Promise<void> | null = null;
  #isFailing = false;

  /** @param onChange hears of the first failure of a run, or of the first long wait, and of its end with null */
  constructor(store: HealthStore, onChange: (error: unknown) => void) {
    this.#store = store;
    this.#onChange = onChange;
  }

  get isFailing(): boolean {
    return this.#isFailing;
  }

  putIncident(incident: Incident): void {
    this.#incidents.delete(incident.id);
    if (this.#incidents.size < MAX_PENDING_INCIDENTS) this.#incidents.set(incident.id, incident);
    void this.flush();
  }

  addRows(rows: readonly MinuteRow[]): void {
    this.#rows = [...this.#rows, ...rows].slice(-MAX_PENDING_ROWS);
  }

  /** Adds what a probe has cost; resolves to the day's sum over all replicas, or null while it is not known. */
  async addSpent(spending: Spending): Promise<Spent | null> {
    if (spending.tokens === 0 && spending.microUsd === 0) return null;
    const { provider, day, tokens, microUsd } = spending;
    const spent = await this.#try(() => this.#store.addSpent(provider, day, tokens, microUsd));
    if (spent.ok) return spent.value;
    if (!spent.mayBeWritten) this.#spending = [...this.#spending, spending].slice(-MAX_PENDING_ROWS);
    return null;
  }

  /** Writes what waits; one run at a time, which also takes what comes in meanwhile. */
  flush(): Promise<void> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #drain(): Promise<void> {
    for (let incident = this.#first(); incident !== undefined; incident = this.#first()) {
      const written = incident;
      if (!(await this.#try(() => this.#store.putIncident(written))).ok) return;
      if (this.#incidents.get(written.id) === written) this.#incidents.delete(written.id);
    }
    const rows = this.#rows;
    if (rows.length > 0) {
      this.#rows = [];
      const done = await this.#try(() => this.#store.addSamples(rows));
      // Rows add up: what may have been written must not be written again.
      if (!done.ok && !done.mayBeWritten) this.#rows = [...rows, ...this.#rows].slice(-MAX_PENDING_ROWS);
      if (!done.ok) return;
    }
    const spending = this.#spending;
    this.#spending = [];
    for (const one of spending) await this.addSpent(one);
  }

  #first(): Incident | undefined {
    return this.#incidents.values().next().value;
  }

  async #try<Value>(
    write: () => Promise<Value>,
  ): Promise<
    { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly mayBeWritten: boolean }
  > {
    const timer = setTimeout(() => {
      this.#fail(new SqlError('timeout', `The database has not answered for ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
    try {
      const value = await write();
      if (this.#isFailing) this.#onChange(null);
      this.#isFailing = false;
      return { ok: true, value };
    } catch (error) {
      this.#fail(error);
      return { ok: false, mayBeWritten: error instanceof SqlError && error.code === 'timeout' };
    } finally {
      clearTimeout(timer);
    }
  }

  #fail(error: unknown): void {
    if (!this.#isFailing) this.#onChange(error);
    this.#isFailing = true;
  }
}
