import { createBuilder, type Database, type SqlRow, type SqlStatement } from '@gatewayz/database';
import { BudgetStatements, toSpent } from './budget-statements.ts';
import type { HealthStore, StoreOperation, StoreTable } from './health-store.ts';
import { IncidentStatements, toIncident } from './incident-statements.ts';
import { toHourRow, toMinuteRow, toTargetTotals } from './sample-columns.ts';
import { SampleStatements } from './sample-statements.ts';
import type { Tables } from './schema.ts';

/** A health store in a database; owns the database and closes it. */
export function createHealthStore(database: Database): HealthStore {
  const db = createBuilder<Tables>(database.dialect);
  const samples = new SampleStatements(db);
  const incidents = new IncidentStatements(db);
  const budgets = new BudgetStatements(db);
  const run = (
    table: StoreTable,
    operation: StoreOperation,
    write: () => readonly SqlStatement[],
  ): Promise<readonly (readonly SqlRow[])[]> => database.run({ table, operation }, write);
  const rows = async (table: StoreTable, write: () => SqlStatement): Promise<readonly SqlRow[]> =>
    (await run(table, 'select', () => [write()]))[0] ?? [];
  const close = (): Promise<void> => database.close();
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
