import type {
  BreakerState,
  CoolOffReason,
  HealthSnapshot,
  HealthStatus,
  ProviderHealth,
  RunningCoolOff,
  TransitionReason,
  VisibleBreakerState,
} from '@gatewayz/provider-health';
import type { HourCounts } from './hour-counts.ts';

/** One change of a breaker, as the dashboard tells it. */
export interface BreakerChange {
  /** ISO 8601. */
  readonly at: string;
  /** Null where it is the provider's own breaker. */
  readonly model: string | null;
  readonly from: VisibleBreakerState;
  readonly to: VisibleBreakerState;
  readonly reason: TransitionReason;
  /** The operator's words, where a breaker was forced. */
  readonly note: string | null;
}

/** Where a breaker stands, and why; times as ISO 8601, null where the state has none. */
export interface BreakerDetails {
  readonly kind: BreakerState['kind'];
  /** Why it is open, or the operator's words where it is forced. */
  readonly reason: string | null;
  readonly since: string | null;
  /** When an open breaker lets the next attempt through. */
  readonly until: string | null;
}

/** A pause that is running, until an ISO 8601 time. */
export interface DashboardCoolOff {
  readonly reason: CoolOffReason;
  readonly until: string;
}

/** What providers and their models have in common. */
interface DashboardEntry {
  readonly name: string;
  readonly status: HealthStatus;
  readonly availability: 0 | 1;
  /** 0…1, of the window of some minutes that the score is made of. */
  readonly error_rate: number;
  /** 0…100, to one decimal. */
  readonly health_score: number;
  /** Attempts of any outcome in the window. */
  readonly sample_count: number;
  readonly circuit_breaker_state: VisibleBreakerState;
  readonly breaker: BreakerDetails;
  readonly cool_off: DashboardCoolOff | null;
}

/** One model at one provider. */
export interface DashboardModel extends DashboardEntry {}

/** One provider. Response times in milliseconds to one decimal, null where none is known. */
export interface DashboardProvider extends DashboardEntry {
  readonly avg_response_time_ms: number | null;
  readonly p50_response_time_ms: number | null;
  readonly p95_response_time_ms: number | null;
  readonly p99_response_time_ms: number | null;
  /** Attempts of any outcome. */
  readonly requests_last_hour: number;
  /** Attempts that count against the provider. */
  readonly errors_last_hour: number;
  /** Oldest first. */
  readonly breaker_history: readonly BreakerChange[];
  readonly models: readonly DashboardModel[];
}

/** How the providers do together; each is counted in one of the four statuses. */
export interface DashboardSummary {
  readonly total_providers: number;
  readonly healthy: number;
  readonly degraded: number;
  readonly down: number;
  readonly unknown: number;
  /** Mean of the providers' scores, 0…100 to one decimal; null without providers. */
  readonly overall_health_score: number | null;
}

/** The body of `GET /health/dashboard`. */
export interface HealthDashboardPage {
  /** ISO 8601. */
  readonly timestamp: string;
  readonly providers: readonly DashboardProvider[];
  readonly summary: DashboardSummary;
}

/** A provider that the dashboard shows. */
export interface WatchedProvider {
  readonly health: ProviderHealth;
  readonly hour: HourCounts;
  /** Changes of its breakers, oldest first; none by default. */
  readonly history?: readonly BreakerChange[];
}

/** Makes the page of this moment: `nowMs` is monotonic, `epochMs` the same moment in milliseconds since 1970. */
export function toHealthDashboard(
  providers: readonly WatchedProvider[],
  nowMs: number,
  epochMs: number,
): HealthDashboardPage {
  const toIso = (monotonicMs: number): string => toIsoTime(epochMs + monotonicMs - nowMs);
  const read = providers.map(({ health, hour, history = [] }) => {
    const snapshot = health.snapshot(nowMs);
    const { averageMs, p50Ms, p95Ms, p99Ms } = snapshot.window;
    const models = Array.from(health.models(), (target) =>
      toEntry(target.model, target.snapshot(nowMs), toIso),
    );
    const entry: DashboardProvider = {
      ...toEntry(health.provider, snapshot, toIso),
      avg_response_time_ms: toOneDecimal(averageMs),
      p50_response_time_ms: toOneDecimal(p50Ms),
      p95_response_time_ms: toOneDecimal(p95Ms),
      p99_response_time_ms: toOneDecimal(p99Ms),
      requests_last_hour: hour.requests(nowMs),
      errors_last_hour: hour.errors(nowMs),
      breaker_history: [...history],
      models,
    };
    return { entry, snapshot };
  });
  return {
    timestamp: toIso(nowMs),
    providers: read.map(({ entry }) => entry),
    summary: summarise(read.map(({ snapshot }) => snapshot)),
  };
}

// Beyond this, a Date has no ISO form and throws.
const LATEST_EPOCH_MS = 8.64e15;

/** The time as ISO 8601, the nearest that can be written where it lies beyond. */
export function toIsoTime(epochMs: number): string {
  return new Date(Math.min(Math.max(epochMs, -LATEST_EPOCH_MS), LATEST_EPOCH_MS)).toISOString();
}

type ToIso = (monotonicMs: number) => string;

function toEntry(name: string, snapshot: HealthSnapshot, toIso: ToIso): DashboardEntry {
  return {
    name,
    status: snapshot.status,
    availability: snapshot.availability,
    error_rate: snapshot.window.errorRate,
    health_score: toPercent(snapshot.score),
    sample_count: snapshot.window.samples,
    circuit_breaker_state: snapshot.breakerState,
    breaker: toBreakerDetails(snapshot.breaker, toIso),
    cool_off: toCoolOff(snapshot.coolOff, toIso),
  };
}

function toBreakerDetails(state: BreakerState, toIso: ToIso): BreakerDetails {
  const { kind } = state;
  switch (kind) {
    case 'closed':
      return { kind, reason: null, since: null, until: null };
    case 'open':
      return { kind, reason: state.reason, since: toIso(state.sinceMs), until: toIso(state.untilMs) };
    case 'half_open':
      return { kind, reason: null, since: toIso(state.sinceMs), until: null };
    case 'forced':
      return { kind, reason: state.reason, since: toIso(state.sinceMs), until: null };
    default:
      return kind satisfies never;
  }
}

function toCoolOff(running: RunningCoolOff | null, toIso: ToIso): DashboardCoolOff | null {
  return running === null ? null : { reason: running.reason, until: toIso(running.untilMs) };
}

function summarise(snapshots: readonly HealthSnapshot[]): DashboardSummary {
  const counts: Record<HealthStatus, number> = { healthy: 0, degraded: 0, down: 0, unknown: 0 };
  let scores = 0;
  for (const { status, score } of snapshots) {
    counts[status] += 1;
    scores += score;
  }
  return {
    total_providers: snapshots.length,
    ...counts,
    overall_health_score: snapshots.length === 0 ? null : toPercent(scores / snapshots.length),
  };
}

/** A percentage, as the health pages that operators know show it; the metrics keep 0…1 beside it. */
function toPercent(share: number): number {
  return Math.round(share * 1000) / 10;
}

function toOneDecimal(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
