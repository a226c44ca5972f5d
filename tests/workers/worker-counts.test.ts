import { expect, test, vi } from 'vitest';
import { chatBody } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { askOnce, readDashboard, startWorkerStage, whileStopped } from './worker-stage.ts';

// Three processes start before anything is asked.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const REQUESTS = 2000;
const CLIENTS = 16;

test('what two workers count adds up exactly to what the provider has seen', async () => {
  await using stage = await startWorkerStage({ providers: { primary: {} } });
  const { gateway, providers } = stage;
  let left = REQUESTS;
  const statuses = new Map<number, number>();
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const status = await askOnce(gateway, '/v1/chat/completions', chatBody('x'));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  expect(Object.fromEntries(statuses)).toEqual({ 200: REQUESTS });

  const metrics = await settledMetrics(gateway);
  expect(providers.primary.stats()).toMatchObject({ requests: REQUESTS, byStatus: { 200: REQUESTS } });
  const labels = { provider: 'primary', model: 'large' };
  const path = '/v1/chat/completions';
  expect({
    requests: metrics.value('model_inference_requests_total', { ...labels, status: 'success' }),
    attempts: metrics.value('gatewayz_attempts_total', { ...labels, outcome: 'success' }),
    durations: metrics.value('model_inference_duration_seconds_count', labels),
    last: metrics.value('model_inference_duration_seconds_bucket', { ...labels, le: '+Inf' }),
    http: metrics.sum('fastapi_requests_total', { path, status_code: '200' }),
    sizes: metrics.sum('fastapi_response_size_bytes_count', { path }),
  }).toEqual({
    requests: REQUESTS,
    attempts: REQUESTS,
    durations: REQUESTS,
    last: REQUESTS,
    http: REQUESTS,
    sizes: REQUESTS,
  });
  const lines = gateway.process
    .stdout()
    .split('\n')
    .filter((line) => line.includes('"request_id"'));
  const writers = lines.map((line): unknown => JSON.parse(line).worker);
  expect([lines.length, new Set(writers)]).toEqual([REQUESTS, new Set([1, 2])]);
  // Each of them had a part in it, and none had all.
  for (const stopped of [0, 1]) {
    const own = await whileStopped(gateway, stopped, () => readDashboard(gateway));
    expect(own.providers[0]?.requests_last_hour).toBeGreaterThan(0);
    expect(own.providers[0]?.requests_last_hour).toBeLessThan(REQUESTS);
  }
});
