import type { Config, Secrets } from '@gatewayz/config';
import type { QueryEvent } from '@gatewayz/database';
import { DEFAULT_INCIDENT_SETTINGS } from './core/incident-settings.ts';
import { type BudgetSettings, budgetDay, ProbeBudget } from './core/probe-budget.ts';
import type { Incident } from './core/types.ts';
import { describeError, log } from './log.ts';
import type { HealthStore } from './store/health-store.ts';
import { openHealthStore } from './store/open-health-store.ts';

/** More incidents that ended within the time to reopen are not looked at. */
const ENDED_READ = 500;

/** Opens Postgres where its URL is given, else the SQLite file in the data folder. Rejects with a `SqlError`. */
export function openStore(
  { dataDir }: Config,
  { databaseUrl }: Secrets,
  onQuery: (event: QueryEvent) => void,
): Promise<HealthStore> {
  return openHealthStore({
    url: databaseUrl,
    dataFolder: dataDir,
    onQuery,
    onConnectionLost: (error) => log('warn', 'a database connection was lost', describeError(error)),
  });
}

/** The active incidents, and those that ended so lately that they may be reopened. */
export async function readIncidents(store: HealthStore, nowEpochMs: number): Promise<readonly Incident[]> {
  const [active, ended] = await Promise.all([
    store.openIncidents(),
    store.incidents({ statuses: ['resolved'], limit: ENDED_READ }),
  ]);
  const sinceMs = nowEpochMs - DEFAULT_INCIDENT_SETTINGS.reopenWithinMs;
  return [...active, ...ended.filter(({ resolvedAtMs }) => (resolvedAtMs ?? 0) >= sinceMs)];
}

/** The budget with what today's probes have cost before a restart. */
export async function readBudget(
  store: HealthStore,
  settings: BudgetSettings,
  providers: readonly string[],
  nowEpochMs: number,
): Promise<ProbeBudget> {
  const day = budgetDay(nowEpochMs);
  const spent = await Promise.all(
    providers.map(async (provider) => ({ provider, day, ...(await store.budget(provider, day)) })),
  );
  return new ProbeBudget(settings, spent);
}
