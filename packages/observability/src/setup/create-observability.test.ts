import { createRegistry, registerProcessMetrics } from '@gatewayz/metrics';
import { startFakeHealthService } from '@gatewayz/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createObservability, type Observability } from './create-observability.ts';
import type { ObservabilityOptions } from './observability-options.ts';

const opened: Observability[] = [];
afterEach(() => {
  for (const observability of opened.splice(0)) observability.close();
});

function open(options: ObservabilityOptions = {}): Observability {
  const observability = createObservability({ env: {}, processMetrics: false, ...options });
  opened.push(observability);
  return observability;
}

async function lines({ registry }: Observability, start: string): Promise<readonly string[]> {
  const text = (await registry.render()).toString();
  return text.split('\n').filter((line) => line.startsWith(start));
}

describe('options', () => {
  test('come from the environment where they are left out', async () => {
    const env = { APP_NAME: 'shop', METRICS_TOKEN: 'secret', PROMETHEUS_URL: '', HEALTH_SERVICE_URL: '' };
    const observability = open({ env });
    expect(await lines(observability, 'fastapi_app_info')).toEqual(['fastapi_app_info{app_name="shop"} 1.0']);
    const endpoint = observability.endpoints.find('GET', '/metrics');
    expect(endpoint === null ? null : await observability.endpoints.answer(endpoint, {})).toMatchObject({
      status: 401,
    });
    expect(observability.poller).toBeNull();
  });

  test('that are given stand before the environment', () => {
    const env = { HEALTH_SERVICE_URL: 'no URL at all' };
    expect(open({ env, healthServiceUrl: null }).poller).toBeNull();
  });

  test.each<[string, ObservabilityOptions]>([
    ['token', { token: '' }],
    ['token', { token: 'two words' }],
    ['metricsPath', { metricsPath: 'metrics' }],
    ['viewsPath', { viewsPath: '/things/:id' }],
    ['maxProviders', { maxProviders: 0 }],
    ['maxTargets', { maxTargets: 1.5 }],
    ['intervalMs', { monitorIntervalMs: -1 }],
    ['url', { healthServiceUrl: 'nowhere' }],
    ['consecutiveFailures', { breaker: { consecutiveFailures: 0 } }],
  ])('that make no sense throw at once: %s', (name, options) => {
    expect(() => open(options)).toThrow(name);
  });

  test('that are wrong show no token', () => {
    expect(() => open({ token: 'my secret' })).toThrow(/^(?!.*secret)/);
  });
});

describe('the parts', () => {
  test('poll the health service, and stop with the rest', async () => {
    const service = await startFakeHealthService();
    const observability = open({ healthServiceUrl: service.url });
    await expect
      .poll(() => lines(observability, 'gatewayz_health_service_up'))
      .toEqual(['gatewayz_health_service_up 1.0']);
    observability.close();
    expect(await lines(observability, 'gatewayz_health_service_up')).toEqual([]);
    await service.close();
  });

  test('leave the provider gauges to a host that sets them itself', async () => {
    const observability = open({ monitorIntervalMs: null, providers: ['groq'] });
    expect(observability.providers.monitor).toBeNull();
    observability.breaker('cerebras');
    expect(await lines(observability, 'gatewayz_providers_total')).toEqual(['gatewayz_providers_total 0.0']);
  });

  test('use the registry that is given, whose process metrics stay its own', async () => {
    const registry = createRegistry();
    registerProcessMetrics(registry);
    const observability = open({ registry, processMetrics: true });
    observability.close();
    expect(registry.names()).toContain('process_cpu_seconds_total');
  });

  test('close once, however often they are told to', () => {
    const observability = open({ processMetrics: true });
    observability.close();
    expect(() => observability.close()).not.toThrow();
  });
});

describe('the endpoints', () => {
  test.each([
    ['GET', '/metrics', '/metrics'],
    ['HEAD', '/metrics?x=1', '/metrics'],
    ['GET', '/prometheus/metrics', '/prometheus/metrics'],
    ['GET', '/prometheus/metrics/summary', '/prometheus/metrics/:view'],
    ['GET', '/prometheus/metrics/a/b', '/prometheus/metrics/:view'],
    ['POST', '/metrics', undefined],
    ['GET', '/metricsx', undefined],
    ['GET', '/metrics/x', undefined],
    ['GET', '/prometheus/metricsx', undefined],
    ['GET', '/', undefined],
  ])('know of %s %s that it is %s', (method, url, pattern) => {
    expect(open().endpoints.find(method, url)?.pattern).toBe(pattern);
  });

  test('stand where they are told to', () => {
    const { endpoints } = open({ metricsPath: '/internal/prom', viewsPath: '/internal/views' });
    expect(endpoints.find('GET', '/internal/prom')?.kind).toBe('metrics');
    expect(endpoints.find('GET', '/internal/views/all')).toMatchObject({ kind: 'view', view: 'all' });
    expect(endpoints.find('GET', '/metrics')).toBeNull();
  });

  test.each(['Bearer secret', 'bearer secret', 'Bearer  secret '])('let in who sends %j', async (header) => {
    const { endpoints } = open({ token: 'secret' });
    const answer = await endpoints.answer(
      { kind: 'metrics', pattern: '/metrics' },
      { authorization: header },
    );
    expect(answer.status).toBe(200);
  });

  test.each(['secret', 'Bearer', 'Bearer secre', 'Bearer secret2', 'Bearer secret x', 'Basic secret', ''])(
    'refuse who sends %j',
    async (header) => {
      const { endpoints } = open({ token: 'secret' });
      const answer = await endpoints.answer(
        { kind: 'metrics', pattern: '/metrics' },
        { authorization: header },
      );
      expect(answer.status).toBe(401);
      expect(answer.body.toString()).not.toContain('secret');
    },
  );

  test('answer 500 and count it where the registry fails', async () => {
    const registry = createRegistry();
    const observability = open({ registry });
    registry.render = () => Promise.reject(new Error('out of order'));
    const answer = await observability.endpoints.answer({ kind: 'metrics', pattern: '/metrics' }, {});
    expect(answer.status).toBe(500);
    const samples = [...registry.samples('gatewayz_module_errors_total')];
    expect(samples.find(({ labels }) => labels.place === 'endpoint')?.value).toBe(1);
  });
});

describe('queries of a database', () => {
  const query = { table: 'users', operation: 'select' };
  const counted = 'database_queries_total{table="users",operation="select"} 1.0';

  test.each<[string, () => unknown, unknown]>([
    ['a value', () => 7, 7],
    ['a promise', () => Promise.resolve(7), 7],
    // biome-ignore lint/suspicious/noThenProperty: query builders are such things
    ['a thenable', () => ({ then: (done: (value: number) => void) => done(7) }), 7],
  ])('that give %s are counted and timed, and give the same', async (_, run, value) => {
    const observability = open();
    // A thenable need not hand on a promise; only its consumer is told.
    const result = observability.wrapDatabase(query, run);
    if (result !== undefined) expect(await result).toBe(value);
    expect(await lines(observability, 'database_queries_total')).toEqual([counted]);
    expect(await lines(observability, 'database_query_duration_seconds_count')).toHaveLength(1);
  });

  test.each<[string, () => unknown]>([
    [
      'throw',
      () => {
        throw new RangeError('no such row');
      },
    ],
    ['reject', () => Promise.reject(new RangeError('no such row'))],
  ])('that %s are counted too, and their error is unchanged', async (_, run) => {
    const observability = open();
    await expect(async () => observability.wrapDatabase(query, run)).rejects.toThrow(RangeError);
    expect(await lines(observability, 'database_queries_total')).toEqual([counted]);
  });

  test('share pools, whose use is a ratio', async () => {
    const observability = open();
    const pool = observability.pool('main');
    pool.set({ size: 4, active: 3, idle: 1 });
    pool.error('timeout');
    expect(await lines(observability, 'connection_pool_')).toEqual([
      'connection_pool_size{pool_name="main"} 4.0',
      'connection_pool_active_connections{pool_name="main"} 3.0',
      'connection_pool_idle_connections{pool_name="main"} 1.0',
      'connection_pool_utilization_ratio{pool_name="main"} 0.75',
      'connection_pool_errors_total{pool_name="main",error_type="timeout"} 1.0',
    ]);
  });
});

test('a cache counts what it finds, what it does not, and nothing where it fails', async () => {
  const observability = open();
  const cache = observability.cache('prices');
  expect([cache.wrap(() => 'found'), cache.wrap(() => null)]).toEqual(['found', null]);
  expect(await cache.wrap(async () => 0)).toBe(0);
  expect(await cache.wrap(async () => undefined)).toBeUndefined();
  await expect(cache.wrap(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  cache.hit();
  cache.miss();
  cache.size(1024);
  expect(await lines(observability, 'cache_')).toEqual([
    'cache_hits_total{cache_name="prices"} 3.0',
    'cache_misses_total{cache_name="prices"} 3.0',
    'cache_size_bytes{cache_name="prices"} 1024.0',
  ]);
});
