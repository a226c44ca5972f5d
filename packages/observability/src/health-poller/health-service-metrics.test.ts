import { createRegistry, type Registry } from '@gatewayz/metrics';
import { histogramProblems, type Metrics, readMetrics } from '@gatewayz/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import type { HealthField } from './health-endpoint.ts';
import { healthServiceCatalogue } from './health-service-catalogue.ts';
import { createHealthServiceMetrics, type HealthServiceMetrics } from './health-service-metrics.ts';
import type { HealthReading } from './read-health-part.ts';

let registry: Registry;
let metrics: HealthServiceMetrics;

beforeEach(() => {
  registry = createRegistry({ selfMetrics: false });
  metrics = createHealthServiceMetrics(registry);
});

const scrape = async (): Promise<Metrics> => readMetrics((await registry.render()).toString());
const shown = (name: string): Record<string, number> =>
  Object.fromEntries(
    [...registry.samples(name)].map(({ labels, value }) => [Object.values(labels).join(), value]),
  );

function reading(
  values: Partial<Record<HealthField, number>>,
  statuses: Readonly<Record<string, number>> | null = null,
  dropped = 0,
): HealthReading {
  return {
    values: new Map(Object.entries(values) as [HealthField, number][]),
    statuses: statuses === null ? null : new Map(Object.entries(statuses)),
    dropped,
  };
}

describe('before anything is known', () => {
  test('counters and histograms are there at 0, gauges are not', async () => {
    const scraped = await scrape();
    const gauges = healthServiceCatalogue.filter(({ type }) => type === 'gauge');
    expect(gauges.flatMap(({ name }) => scraped.series(name))).toEqual([]);
    expect(scraped.value('gatewayz_health_service_scrape_errors_total')).toBe(0);
    expect(scraped.series('gatewayz_health_poll_errors_total')).toHaveLength(4 * 7);
    expect(scraped.series('gatewayz_health_dropped_entries_total')).toHaveLength(4);
    expect(scraped.series('gatewayz_health_poll_duration_seconds_count')).toHaveLength(4);
    expect(histogramProblems(scraped)).toEqual([]);
  });
});

describe('gauges', () => {
  test('what is missing from an answer has no series, and what is 0 has one', () => {
    metrics.show('/status', reading({ models_tracked: 5, gateways_tracked: 0 }));
    expect(shown('gatewayz_health_tracked_models')).toEqual({ '': 5 });
    expect(shown('gatewayz_health_tracked_gateways')).toEqual({ '': 0 });
    metrics.show('/status', reading({ gateways_tracked: 1 }));
    expect(shown('gatewayz_health_tracked_models')).toEqual({});
    expect(shown('gatewayz_health_tracked_gateways')).toEqual({ '': 1 });
  });

  test('an endpoint says nothing of another one’s gauges', () => {
    metrics.show('/metrics', reading({ total_models: 5 }, { healthy: 5 }));
    metrics.show('/cache/stats', reading({ cache_available: 1, models_health_cached: 0 }));
    metrics.hide('/status');
    metrics.hide('/health');
    expect(shown('gatewayz_health_total_models')).toEqual({ '': 5 });
    expect(shown('gatewayz_health_status_distribution')).toEqual({ healthy: 5 });
    metrics.hide('/metrics');
    expect(shown('gatewayz_health_total_models')).toEqual({});
    expect(shown('gatewayz_health_status_distribution')).toEqual({});
    expect(shown('gatewayz_health_cache_available')).toEqual({ redis: 1, models_health: 0 });
  });

  test('a status that is gone from the distribution is gone, and starts afresh when it comes back', () => {
    metrics.show('/metrics', reading({}, { healthy: 5, down: 2 }));
    metrics.show('/metrics', reading({}, { healthy: 6 }));
    expect(shown('gatewayz_health_status_distribution')).toEqual({ healthy: 6 });
    metrics.show('/metrics', reading({}, { healthy: 6, down: 1 }));
    expect(shown('gatewayz_health_status_distribution')).toEqual({ healthy: 6, down: 1 });
  });

  test('cleared, only what was counted and the time of the last success stay', async () => {
    metrics.up(true);
    metrics.succeededAt(1_900_000_000.5);
    metrics.show('/metrics', reading({ total_models: 5 }, { healthy: 5 }, 2));
    metrics.age('/metrics', 3);
    metrics.clear();
    const scraped = await scrape();
    const left = healthServiceCatalogue
      .filter(({ type }) => type === 'gauge')
      .flatMap(({ name }) => scraped.series(name));
    expect(left.map(({ name, value }) => [name, value])).toEqual([
      ['gatewayz_health_service_last_successful_scrape', 1_900_000_000.5],
    ]);
    expect(scraped.sum('gatewayz_health_dropped_entries_total')).toBe(2);
  });
});

describe('counts', () => {
  test('a failure is counted in all and by endpoint and reason', () => {
    metrics.failed('/status', 'timeout');
    metrics.failed('/metrics', 'malformed');
    metrics.failed('/metrics', 'malformed');
    expect(shown('gatewayz_health_service_scrape_errors_total')).toEqual({ '': 3 });
    expect(shown('gatewayz_health_poll_errors_total')).toMatchObject({
      '/status,timeout': 1,
      '/metrics,malformed': 2,
      '/metrics,timeout': 0,
    });
  });

  test('durations are in seconds', async () => {
    metrics.polled('/status', 0.03);
    const scraped = await scrape();
    const bucket = (le: string) =>
      scraped.value('gatewayz_health_poll_duration_seconds_bucket', { endpoint: '/status', le });
    expect([bucket('0.025'), bucket('0.05')]).toEqual([0, 1]);
  });

  test('a refresh runs before each scrape until it is ended', async () => {
    let age = 0;
    const end = metrics.beforeScrape(() => {
      age += 1;
      metrics.age('/status', age);
    });
    const read = async () =>
      (await scrape()).value('gatewayz_health_data_age_seconds', { endpoint: '/status' });
    expect([await read(), await read()]).toEqual([1, 2]);
    end();
    expect(await read()).toBe(2);
  });
});
