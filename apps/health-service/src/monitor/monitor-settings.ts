import type { Config, HealthServiceConfig, MaintenanceConfig } from '@gatewayz/config';
import type { MaintenanceWindow } from '../core/maintenance.ts';
import type { BudgetSettings } from '../core/probe-budget.ts';
import { DEFAULT_PROBE_PLAN, type ProbePlanSettings } from '../core/probe-plan.ts';
import { DEFAULT_SCHEDULE, type ScheduleSettings } from '../core/schedule.ts';
import { highestCost } from '../probes/probe-spending.ts';

/** The settings of the parts, as the configuration has them. */
export interface MonitorSettings {
  readonly schedule: ScheduleSettings;
  readonly plan: ProbePlanSettings;
  readonly budget: BudgetSettings;
  readonly maintenance: readonly MaintenanceWindow[];
}

/** Derives the parts' settings from the section `healthService`. */
export function monitorSettings({ healthService }: Config): MonitorSettings {
  const { intervals, probes, budget } = healthService;
  const schedule: ScheduleSettings = {
    ...DEFAULT_SCHEDULE,
    intervals: {
      critical: intervals.criticalMs,
      popular: intervals.popularMs,
      standard: intervals.standardMs,
      on_demand: intervals.onDemandMs,
    },
    failingIntervalMs: intervals.failingMs,
    confirmIntervalMs: Math.min(DEFAULT_SCHEDULE.confirmIntervalMs, intervals.failingMs),
    // Longer than any probe, so that no target is handed out twice.
    leaseMs: probes.timeoutMs + 30_000,
  };
  // A provider's list is asked for at least this often, and its answer stands until the next one is there.
  const maxAgeMs = Math.max(DEFAULT_PROBE_PLAN.maxAgeMs, intervals.criticalMs + probes.timeoutMs);
  return {
    schedule,
    plan: { ...DEFAULT_PROBE_PLAN, maxAgeMs },
    budget: {
      tokensPerProbe: highestCost(null).tokens,
      perProvider: {
        tokensPerDay: budget.tokensPerDay,
        microUsdPerDay: Math.round(budget.usdPerDay * 1_000_000),
      },
    },
    maintenance: healthService.maintenance.map(toWindow),
  };
}

/** What the schema cannot see: each problem with its path. */
export function findSettingProblems(
  healthService: HealthServiceConfig,
): readonly { readonly path: string; readonly message: string }[] {
  return healthService.maintenance.flatMap(({ provider, model }, index) =>
    model !== undefined && provider === undefined
      ? [{ path: `healthService.maintenance[${index}].provider`, message: 'required where a model is named' }]
      : [],
  );
}

function toWindow(window: MaintenanceConfig): MaintenanceWindow {
  const scope = {
    ...(window.provider === undefined ? {} : { provider: window.provider }),
    ...(window.model === undefined ? {} : { model: window.model }),
  };
  if ('fromEpochMs' in window) {
    const { fromEpochMs, toEpochMs } = window;
    return { ...scope, kind: 'absolute', fromEpochMs, toEpochMs };
  }
  const { weekdays, fromMinute, toMinute } = window;
  return { ...scope, kind: 'weekly', weekdays, fromMinute, toMinute };
}
