import { once } from 'node:events';
import { request as openRequest } from 'node:http';
import { type Metrics, parseExposition, readMetrics } from '@gatewayz/testkit';
import { createAdaptorServer } from '@hono/node-server';
import { Counter as PromCounter, Registry as PromRegistry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import type { ObservabilityOptions } from './observability-options.ts';
import { type ContractHost, STREAM_CHUNKS, type StartHost } from './test-support/contract-host.ts';
import { startExpressHost } from './test-support/express-host.ts';
import { startFastifyHost } from './test-support/fastify-host.ts';
import { createHonoHost } from './test-support/hono-host.ts';
import { startHttpHost } from './test-support/http-host.ts';

const adapters: readonly (readonly [string, StartHost])[] = [
  ['Fastify', startFastifyHost],
  ['Express', startExpressHost],
  ['Hono', createHonoHost(createAdaptorServer)],
  ['node:http', startHttpHost],
];

const hosts: ContractHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

describe.each(adapters)('the module on %s', (_name, start) => {
  async function startHost(options: ObservabilityOptions = {}): Promise<ContractHost> {
    const host = await start({ appName: 'shop', env: {}, ...options });
    hosts.push(host);
    return host;
  }
  async function scrape({ url }: ContractHost): Promise<Metrics> {
    const response = await fetch(`${url}/metrics`);
    expect(response.status).toBe(200);
    return readMetrics(await response.text());
  }
  /** Asks, and waits until the request has been counted: that is when its response has closed. */
  async function ask(host: ContractHost, path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`${host.url}${path}`, init);
    await response.clone().arrayBuffer();
    return response;
  }
  async function settled(host: ContractHost, name: string, labels: Record<string, string>): Promise<number> {
    return await expect
      .poll(async () => (await scrape(host)).sum(name, labels), { timeout: 5000 })
      .toBeGreaterThan(0)
      .then(async () => (await scrape(host)).sum(name, labels));
  }

  test('counts a request on the pattern of its route, under both names', async () => {
    const host = await startHost();
    await ask(host, '/things/1');
    await ask(host, '/things/2?x=1');
    const labels = { method: 'GET', path: '/things/:id', status_code: '200', status_class: '2xx' };
    await expect.poll(async () => (await scrape(host)).sum('fastapi_requests_total', labels)).toBe(2);
    const metrics = await scrape(host);
    expect(metrics.sum('http_requests_total', { endpoint: '/things/:id', status_code: '200' })).toBe(2);
    expect(metrics.sum('fastapi_requests_duration_seconds_count', { path: '/things/:id' })).toBe(2);
    expect(metrics.sum('fastapi_response_size_bytes_sum', { path: '/things/:id' })).toBe(14);
    expect(metrics.sum('fastapi_requests_in_progress', { path: '/things/:id' })).toBe(0);
    expect(metrics.value('fastapi_app_info', { app_name: 'shop' })).toBe(1);
  });

  test('counts what matches no route as other, never by its path', async () => {
    const host = await startHost();
    expect((await ask(host, '/unheard-of/path"}')).status).toBe(404);
    expect(await settled(host, 'fastapi_requests_total', { path: 'other', status_code: '404' })).toBe(1);
    expect(await (await fetch(`${host.url}/metrics`)).text()).not.toContain('unheard');
  });

  test('counts an error that nobody expected by its class, and its 500', async () => {
    const host = await startHost();
    expect((await ask(host, '/boom')).status).toBe(500);
    expect(await settled(host, 'fastapi_requests_total', { path: '/boom', status_code: '500' })).toBe(1);
    expect((await scrape(host)).sum('fastapi_exceptions_total', { exception_type: 'BoomError' })).toBe(1);
  });

  test('counts no error that is an answer', async () => {
    const host = await startHost();
    expect((await ask(host, '/refused')).status).toBe(422);
    expect(await settled(host, 'fastapi_requests_total', { path: '/refused', status_code: '422' })).toBe(1);
    expect((await scrape(host)).sum('fastapi_exceptions_total')).toBe(0);
  });

  test('knows the size of a stream without a length, and of an answer whose length was written past the headers', async () => {
    const host = await startHost();
    expect(await (await ask(host, '/stream')).text()).toBe(STREAM_CHUNKS.join(''));
    await ask(host, '/sized');
    await settled(host, 'fastapi_requests_total', { path: '/stream' });
    await settled(host, 'fastapi_requests_total', { path: '/sized' });
    const metrics = await scrape(host);
    const bytes = Buffer.byteLength(STREAM_CHUNKS.join(''));
    expect(metrics.sum('fastapi_response_size_bytes_sum', { path: '/stream' })).toBe(bytes);
    expect(metrics.sum('fastapi_response_size_bytes_sum', { path: '/sized' })).toBe(5);
  });

  test('knows the size of what was sent', async () => {
    const host = await startHost();
    const init = { method: 'POST', body: 'twelve bytes', headers: { 'content-type': 'text/plain' } };
    expect(await (await ask(host, '/echo', init)).text()).toBe('twelve bytes');
    await settled(host, 'fastapi_requests_total', { path: '/echo', method: 'POST' });
    expect((await scrape(host)).sum('fastapi_request_size_bytes_sum', { path: '/echo' })).toBe(12);
  });

  test('counts a client that leaves as 499, and no longer as in progress', async () => {
    const host = await startHost();
    const request = openRequest(`${host.url}/endless`).on('error', () => undefined);
    request.end();
    const [response] = await once(request, 'response');
    await once(response, 'data');
    expect((await scrape(host)).sum('fastapi_requests_in_progress', { path: '/endless' })).toBe(1);
    request.destroy();
    expect(await settled(host, 'fastapi_requests_total', { path: '/endless', status_code: '499' })).toBe(1);
    expect((await scrape(host)).sum('fastapi_requests_in_progress', { path: '/endless' })).toBe(0);
  });

  test('answers /metrics as the scraper asks: OpenMetrics, compressed, without a body', async () => {
    const host = await startHost();
    const accept = 'application/openmetrics-text;version=1.0.0';
    const open = await fetch(`${host.url}/metrics`, { headers: { accept, 'accept-encoding': 'gzip' } });
    expect(open.headers.get('content-type')).toContain('application/openmetrics-text');
    expect(open.headers.get('content-encoding')).toBe('gzip');
    expect(await open.text()).toMatch(/# EOF\n$/);
    const head = await fetch(`${host.url}/metrics`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('answers /prometheus/metrics and the views, and counts them on their patterns', async () => {
    const host = await startHost();
    const all = await ask(host, '/prometheus/metrics');
    expect(parseExposition(await all.text()).map(({ name }) => name)).toContain('fastapi_app_info');
    const summary = await ask(host, '/prometheus/metrics/summary?window=5m');
    expect([summary.status, Object.keys(((await summary.json()) as { metrics: object }).metrics)]).toEqual([
      200,
      ['http', 'models', 'providers', 'database', 'business'],
    ]);
    expect((await ask(host, '/prometheus/metrics/nonsense')).status).toBe(404);
    expect((await ask(host, '/prometheus/metrics/summary?window=nonsense')).status).toBe(400);
    const labels = { path: '/prometheus/metrics/:view', status_code: '404' };
    expect(await settled(host, 'fastapi_requests_total', labels)).toBe(1);
  });

  test('with a token answers only who sends it, and leaves the other routes alone', async () => {
    const host = await startHost({ token: 'the-token' });
    for (const path of ['/metrics', '/prometheus/metrics', '/prometheus/metrics/summary']) {
      const refused = await fetch(`${host.url}${path}`);
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(await refused.json()).toMatchObject({ error: { type: 'authentication_error' } });
      const wrong = await fetch(`${host.url}${path}`, { headers: { authorization: 'Bearer the-tokem' } });
      expect(wrong.status).toBe(401);
      const right = await fetch(`${host.url}${path}`, { headers: { authorization: 'Bearer the-token' } });
      expect(right.status).toBe(200);
      await right.arrayBuffer();
    }
    expect((await ask(host, '/things/1')).status).toBe(200);
  });

  test('set up twice on one application says so', async () => {
    const host = await startHost();
    expect(() => host.setUpAgain()).toThrow(/called twice for the same application/);
    expect((await ask(host, '/things/1')).status).toBe(200);
  });

  test('shows what an existing prom-client registry holds', async () => {
    const promClient = new PromRegistry();
    new PromCounter({ name: 'orders_total', help: 'Orders.', registers: [promClient] }).inc(3);
    const host = await startHost({ promClient });
    expect((await scrape(host)).value('orders_total')).toBe(3);
  });

  test('shows metrics of the application itself', async () => {
    const host = await startHost();
    host.observability.registry.counter({ name: 'carts_total', help: 'Carts.' }).inc();
    expect((await scrape(host)).value('carts_total')).toBe(1);
  });

  test('shows what the application tells of a provider, and the stages of its request', async () => {
    const host = await startHost({ providers: ['groq', 'cerebras'] });
    expect(await (await ask(host, '/chat')).text()).toBe('answer');
    await settled(host, 'gatewayz_overhead_seconds_count', { endpoint: '/chat' });
    const metrics = await scrape(host);
    const target = { provider: 'groq', model: 'small' };
    expect(metrics.sum('model_inference_requests_total', { ...target, status: 'success' })).toBe(1);
    expect(metrics.sum('tokens_used_total', { ...target, token_type: 'input' })).toBe(7);
    expect(metrics.sum('gatewayz_cost_by_provider_total', { provider: 'groq' })).toBe(0.002);
    expect(metrics.sum('backend_ttfb_seconds_count', { ...target, endpoint: '/chat' })).toBe(1);
    expect(metrics.sum('gatewayz_providers_total')).toBe(2);
    expect(metrics.sum('provider_availability', { provider: 'cerebras' })).toBe(1);
    const stage = { stage: 'backend_response', endpoint: '/chat' };
    expect(metrics.sum('request_stage_duration_seconds_count', stage)).toBe(1);
    expect(metrics.sum('request_stage_duration_seconds_count', { stage: 'auth_validation' })).toBe(0);
  });

  test('keeps its own errors, and those of the callback that hears of them, away from the application', async () => {
    const places: string[] = [];
    const host = await startHost({
      onError: (_, place) => {
        places.push(place);
        throw new Error('the callback fails too');
      },
    });
    const call = host.observability.inference({ provider: 'groq', model: 'small' });
    expect([call.end({ outcome: 'success' }), call.end({ outcome: 'success' })]).toEqual([true, false]);
    expect((await ask(host, '/things/1')).status).toBe(200);
    expect(places).toEqual(['ended_twice']);
    expect((await scrape(host)).sum('gatewayz_module_errors_total', { place: 'ended_twice' })).toBe(1);
  });

  test('ends with the application', async () => {
    const host = await startHost();
    await ask(host, '/things/1');
    const { registry } = host.observability;
    expect(registry.names()).toContain('process_cpu_seconds_total');
    await host.close();
    expect(registry.names()).not.toContain('process_cpu_seconds_total');
  });
});
