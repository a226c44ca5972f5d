import { createRegistry, type Registry } from '@gatewayz/metrics';
import { describe, expect, test } from 'vitest';
import { createHttpMetrics, httpCatalogue } from './http-metrics.ts';
import { REQUEST_STAGES } from './stage-metrics.ts';

function setUp(): { registry: Registry; http: ReturnType<typeof createHttpMetrics> } {
  const registry = createRegistry({ selfMetrics: false });
  return { registry, http: createHttpMetrics(registry, { appName: 'shop' }) };
}

async function lines(registry: Registry, start: string): Promise<readonly string[]> {
  return (await registry.render())
    .toString()
    .split('\n')
    .filter((line) => line.startsWith(start));
}

test('every metric of the catalogue is described from the first scrape on', async () => {
  const { registry } = setUp();
  expect(await lines(registry, '# TYPE')).toEqual(
    expect.arrayContaining(httpCatalogue.map(({ name, type }) => `# TYPE ${name} ${type}`)),
  );
  expect(await lines(registry, '# TYPE')).toHaveLength(httpCatalogue.length);
});

test('the application is named from the first scrape on', async () => {
  expect(await lines(setUp().registry, 'fastapi_app_info')).toEqual([
    'fastapi_app_info{app_name="shop"} 1.0',
  ]);
});

describe('a route', () => {
  test('counts a request under both names, by pattern and status', async () => {
    const { registry, http } = setUp();
    const route = http.route('GET', '/things/:id');
    route.begin();
    route.end(404, 1.5, 0, 120);
    expect(await lines(registry, 'fastapi_requests_total')).toEqual([
      'fastapi_requests_total{app_name="shop",method="GET",path="/things/:id",status_code="404",status_class="4xx"} 1.0',
    ]);
    expect(await lines(registry, 'http_requests_total')).toEqual([
      'http_requests_total{method="GET",endpoint="/things/:id",status_code="404",status_class="4xx"} 1.0',
    ]);
    const labels = 'app_name="shop",method="GET",path="/things/:id"';
    expect(await lines(registry, 'fastapi_requests_duration_seconds_bucket')).toEqual(
      expect.arrayContaining([
        `fastapi_requests_duration_seconds_bucket{${labels},le="1.0"} 0.0`,
        `fastapi_requests_duration_seconds_bucket{${labels},le="2.0"} 1.0`,
      ]),
    );
    expect(await lines(registry, 'fastapi_response_size_bytes_sum')).toEqual([
      `fastapi_response_size_bytes_sum{${labels}} 120.0`,
    ]);
  });

  test('is in progress from its beginning to its end', async () => {
    const { registry, http } = setUp();
    const route = http.route('POST', '/a');
    const gauge = 'fastapi_requests_in_progress{app_name="shop",method="POST",path="/a"}';
    route.begin();
    route.begin();
    expect(await lines(registry, gauge)).toEqual([`${gauge} 2.0`]);
    route.end(200, 0.1, 1, 1);
    route.end(499, 0.1, 1, 0);
    expect(await lines(registry, gauge)).toEqual([`${gauge} 0.0`]);
  });

  test('is made once for a method and a pattern', () => {
    const { http } = setUp();
    expect(http.route('GET', '/a')).toBe(http.route('GET', '/a'));
    expect(http.route('GET', '/a')).not.toBe(http.route('POST', '/a'));
  });

  test('with a method that a client made up counts as other', async () => {
    const { registry, http } = setUp();
    for (const method of ['BREW', 'get', 'X"} 1\n']) http.route(method, '/a').end(405, 0, 0, 0);
    expect(await lines(registry, 'http_requests_total')).toEqual([
      'http_requests_total{method="other",endpoint="/a",status_code="405",status_class="4xx"} 3.0',
    ]);
  });
});

describe('the stages of a request', () => {
  test('are observed each, and share a hundred percent', async () => {
    const { registry, http } = setUp();
    http.endpoint('/a').stages(Float64Array.of(0.1, 0.1, 0, 0.6, 0.2, 0));
    const shares = await lines(registry, 'stage_percentage');
    expect(shares.map((line) => Math.round(Number(line.split(' ')[1])))).toEqual([10, 10, 0, 60, 20, 0]);
    expect(shares[3]).toContain('stage="backend_response",endpoint="/a"');
    const sums = await lines(registry, 'request_stage_duration_seconds_count');
    expect(sums).toHaveLength(REQUEST_STAGES.length);
    expect(sums.every((line) => line.endsWith(' 1.0'))).toBe(true);
  });

  test('have no share where no time has passed', async () => {
    const { registry, http } = setUp();
    http.endpoint('/a').stages(new Float64Array(REQUEST_STAGES.length));
    expect((await lines(registry, 'stage_percentage')).every((line) => line.endsWith(' 0.0'))).toBe(true);
  });
});

test('an unexpected error is counted by its class, never by what it says', async () => {
  const { registry, http } = setUp();
  http.exception(new TypeError('secret'));
  http.exception('secret');
  http.exception(null);
  expect(await lines(registry, 'fastapi_exceptions_total')).toEqual([
    'fastapi_exceptions_total{app_name="shop",exception_type="TypeError"} 1.0',
    'fastapi_exceptions_total{app_name="shop",exception_type="string"} 1.0',
    'fastapi_exceptions_total{app_name="shop",exception_type="object"} 1.0',
  ]);
});

test('stages that were not measured are in no share, and have no series where they are never measured', async () => {
  const { registry, http } = setUp();
  const known = REQUEST_STAGES.filter((stage) => stage !== 'auth_validation');
  http.endpoint('/a', known).stages(Float64Array.of(1, Number.NaN, 0, 3, 0, 0));
  const shares = await lines(registry, 'stage_percentage');
  expect(shares.map((line) => Number(line.split(' ')[1]))).toEqual([25, 0, 75, 0, 0]);
  expect(await lines(registry, 'request_stage_duration_seconds_count')).toHaveLength(known.length);
});

test('a request that turned out to be another route is in progress there alone', async () => {
  const { registry, http } = setUp();
  http.route('GET', '/a').begin();
  http.route('GET', '/a').leave();
  const gauge = 'fastapi_requests_in_progress{app_name="shop",method="GET",path="/a"}';
  expect(await lines(registry, gauge)).toEqual([`${gauge} 0.0`]);
  expect(await lines(registry, 'fastapi_requests_total{')).toEqual([]);
});
