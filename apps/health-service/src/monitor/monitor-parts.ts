import type { Tracing } from '@gatewayz/telemetry';
import type { ScheduleLock } from '../cache/schedule-lock.ts';
import type { SnapshotCache } from '../cache/snapshot-cache.ts';
import type { ProbeBudget } from '../core/probe-budget.ts';
import type { Incident } from '../core/types.ts';
import type { HealthServiceMetrics } from '../health-service-metrics.ts';
import type { HealthStore } from '../store/health-store.ts';
import type { MonitorSettings } from './monitor-settings.ts';

/** What a monitor is made of beside its configuration. */
export interface MonitorParts {
  readonly settings: MonitorSettings;
  readonly store: HealthStore;
  readonly stored: readonly Incident[];
  readonly budget: ProbeBudget;
  readonly cache: SnapshotCache;
  readonly lock: ScheduleLock;
  /** Whether there may be other replicas to hear. */
  readonly isShared: boolean;
  readonly metrics: HealthServiceMetrics;
  readonly backendUrl: string | null;
  readonly tracing: Tracing | null;
}
