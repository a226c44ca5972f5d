import type { Registry } from '@gatewayz/metrics';
import {
  byEndpoint,
  HEALTH_ENDPOINTS,
  HEALTH_FIELDS,
  type HealthEndpoint,
  type HealthField,
} from './health-endpoint.ts';
import { POLL_ERROR_REASONS, type PollErrorReason } from './health-poll-error.ts';
import {
  CACHE_TYPES,
  createHealthServiceFamilies,
  type GaugeField,
  type HealthServiceFamilies,
} from './health-service-catalogue.ts';
import type { HealthReading } from './read-health-part.ts';

/** The metrics of the health service, as its poller sets them. */
export interface HealthServiceMetrics {
  up(isUp: boolean): void;
  /** Every endpoint answered; Unix seconds. */
  succeededAt(epochSeconds: number): void;
  /** An endpoint answered, or failed, after `seconds`. */
  polled(endpoint: HealthEndpoint, seconds: number): void;
  failed(endpoint: HealthEndpoint, reason: PollErrorReason): void;
  /** Shows what an endpoint answered and nothing else of it: what its answer lacks has no series any more. */
  show(endpoint: HealthEndpoint, reading: HealthReading): void;
  /** Takes the gauges of an endpoint out. */
  hide(endpoint: HealthEndpoint): void;
  /** Time since an endpoint last answered. */
  age(endpoint: HealthEndpoint, seconds: number): void;
  /** Takes out whatever could be taken for the present; what has been counted stays. */
  clear(): void;
  /** Runs `refresh` before each scrape; what it returns ends that. */
  beforeScrape(refresh: () => void): () => void;
}

/**
 * Creates the health service section of the metric contract on a registry. Counters and histograms have all their
 * series at once, gauges none until their value is known.
 */
export function createHealthServiceMetrics(registry: Registry): HealthServiceMetrics {
  const families = createHealthServiceFamilies(registry);
  const durations = byEndpoint((endpoint) => families.pollDuration.labels({ endpoint }));
  const dropped = byEndpoint((endpoint) => families.droppedEntries.labels({ endpoint }));
  for (const endpoint of HEALTH_ENDPOINTS) {
    for (const reason of POLL_ERROR_REASONS) families.pollErrors.labels({ endpoint, reason });
  }
  const showStatuses = createStatusGauges(families);
  const show = (endpoint: HealthEndpoint, { values, statuses }: Omit<HealthReading, 'dropped'>): void => {
    for (const field of Object.keys(HEALTH_FIELDS[endpoint]) as HealthField[]) {
      showField(families, field, values.get(field));
    }
    if (endpoint === '/metrics') showStatuses(statuses ?? new Map());
  };
  const hide = (endpoint: HealthEndpoint): void => show(endpoint, { values: new Map(), statuses: null });
  return {
    up: (isUp) => families.up.set(isUp ? 1 : 0),
    succeededAt: (epochSeconds) => families.lastSuccess.set(epochSeconds),
    polled: (endpoint, seconds) => durations[endpoint].observe(seconds),
    failed(endpoint, reason) {
      families.scrapeErrors.inc();
      families.pollErrors.labels({ endpoint, reason }).inc();
    },
    show(endpoint, reading) {
      dropped[endpoint].inc(reading.dropped);
      show(endpoint, reading);
    },
    hide,
    age: (endpoint, seconds) => families.dataAge.labels({ endpoint }).set(seconds),
    clear() {
      HEALTH_ENDPOINTS.forEach(hide);
      families.up.remove();
      families.dataAge.clear();
    },
    beforeScrape: (refresh) => registry.collector('health_service', refresh),
  };
}

function showField(families: HealthServiceFamilies, field: HealthField, value: number | undefined): void {
  if (isCacheField(field)) {
    const labels = { cache_type: CACHE_TYPES[field] };
    if (value === undefined) families.cacheAvailable.remove(labels);
    else families.cacheAvailable.labels(labels).set(value);
    return;
  }
  const gauge = families.byField[field satisfies GaugeField];
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}

function isCacheField(field: HealthField): field is keyof typeof CACHE_TYPES {
  return Object.hasOwn(CACHE_TYPES, field);
}

function createStatusGauges({
  statusDistribution,
}: HealthServiceFamilies): (statuses: ReadonlyMap<string, number>) => void {
  let shown: ReadonlySet<string> = new Set();
  return (statuses) => {
    for (const status of shown) if (!statuses.has(status)) statusDistribution.remove({ status });
    for (const [status, count] of statuses) statusDistribution.labels({ status }).set(count);
    shown = new Set(statuses.keys());
  };
}
