import { BudgetStatements, toSpent } from './budget-statements.ts';
import type { HealthStore, QueryEvent, StoreOperation, StoreTable } from './health-store.ts';
import { IncidentStatements, toIncident } from './incident-statements.ts';
import { toHourRow, toMinuteRow, toTargetTotals } from './sample-columns.ts';
import { SampleStatements } from './sample-statements.ts';
import type { SqlDialect } from './schema.ts';
import { createBuilder } from './schema.ts';
import type { SqlEngine, SqlRow, SqlStatement } from './sql-engine.ts';

/** Hears of every call of the store; what it throws is ignored. */
export type OnQuery = (event: QueryEvent) => void;

type Run = (statements: readonly SqlStatement[]) => Promise<readonly (readonly SqlRow[])[]>;

function notify(onQuery: OnQuery, event: QueryEvent): void {
  try {
    onQuery(event);
  } catch {
    // A listener's fault is not the query's.
  }
}

/** Runs what `write` gives and reports how long it took and whether it went well, whatever failed. */
function timed(engine: SqlEngine, onQuery: OnQuery) {
  return async (
    table: StoreTable,
    operation: StoreOperation,
    write: () => readonly SqlStatement[],
  ): ReturnType<Run> => {
    const startMs = performance.now();
    let ok = false;
    try {
      const results = await engine.run(write());
      ok = true;
      return results;
    } finally {
      notify(onQuery, { table, operation, seconds: (performance.now() - startMs) / 1000, ok });
    }
  };
}

/** A health store on any database that speaks one of the dialects; owns the engine and closes it. */
export function createSqlStore(
  engine: SqlEngine,
  dialect: SqlDialect,
  onQuery: OnQuery = () => {},
): HealthStore {
  const db = createBuilder(dialect);
  const samples = new SampleStatements(db);
  const incidents = new IncidentStatements(db);
  const budgets = new BudgetStatements(db);
  const run = timed(engine, onQuery);
  const rows = async (table: StoreTable, write: () => SqlStatement): Promise<readonly SqlRow[]> =>
    (await run(table, 'select', () => [write()]))[0] ?? [];
  const close = (): Promise<void> => engine.close();
  return {
    addSamples: async (minutes) => {
      if (minutes.length > 0) await run('minute_rows', 'upsert', () => samples.add(minutes));
    },
    minuteRows: async (fromMs, toMs, filter = {}) =>
      (await rows('minute_rows', () => samples.rows('minute_rows', fromMs, toMs, filter))).map(toMinuteRow),
    hourRows: async (fromMs, toMs, filter = {}) =>
      (await rows('hour_rows', () => samples.rows('hour_rows', fromMs, toMs, filter))).map(toHourRow),
    totals: async (of, fromMs, toMs, filter = {}) => {
      const table = of === 'minutes' ? 'minute_rows' : 'hour_rows';
      return (await rows(table, () => samples.totals(table, fromMs, toMs, filter))).map(toTargetTotals);
    },
    prune: async (nowEpochMs) => {
      await run('minute_rows', 'delete', () => [samples.removeOldMinutes(nowEpochMs)]);
    },
    putIncident: async (incident) => {
      await run('incidents', 'upsert', () => [incidents.put(incident)]);
    },
    openIncidents: async () => (await rows('incidents', () => incidents.open())).map(toIncident),
    incidents: async (query) => (await rows('incidents', () => incidents.find(query))).map(toIncident),
    incident: async (id) => {
      const [row] = await rows('incidents', () => incidents.byId(id));
      return row === undefined ? null : toIncident(row);
    },
    budget: async (provider, day) => toSpent((await rows('budgets', () => budgets.read(provider, day)))[0]),
    addSpent: async (provider, day, tokens, microUsd) => {
      const [added] = await run('budgets', 'upsert', () => [budgets.add(provider, day, tokens, microUsd)]);
      return toSpent(added?.[0]);
    },
    ping: async () => {
      await run('none', 'ping', () => [{ sql: 'select 1', parameters: [] }]);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
