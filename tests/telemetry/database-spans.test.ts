import { startFakeOtlp } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { chat, createKey, startRedisStage } from '../limits-redis/redis-stage.ts';
import { arrived, spansOf } from './telemetry-stage.ts';

test('a request has spans for what it waited for at Redis and at the database, and for nothing else', async () => {
  await using otlp = await startFakeOtlp();
  await using stage = await startRedisStage({
    keys: ['key-of-the-file'],
    config: { rateLimits: { user: { requestsPerMinute: 100 } } },
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_BSP_SCHEDULE_DELAY: '50' },
  });
  const { token } = await createKey(stage.gateway, 'ann');
  const askWith = async (key: string): Promise<string> => {
    const { status, headers } = await chat(stage.gateway, key);
    expect(status).toBe(200);
    return headers.get('traceparent')?.split('-')[1] ?? '';
  };
  const traces = [await askWith(token), await askWith(token), await askWith('key-of-the-file')];
  const databasesOf = (traceId: string): readonly (readonly unknown[])[] => {
    const spans = spansOf(otlp, traceId);
    const server = spans.find(({ kind }) => kind === 'server');
    return spans
      .filter(({ attributes }) => attributes['db.system.name'] !== undefined)
      .map(({ name, kind, parentSpanId, attributes }) => [
        name,
        kind === 'client' && parentSpanId === server?.spanId,
        attributes['db.system.name'],
        attributes['db.operation.name'],
        attributes['db.collection.name'],
      ]);
  };
  const find = ['select api_keys', true, 'sqlite', 'select', 'api_keys'];
  const limit = ['redis.limit', true, 'redis', 'limit', undefined];
  // What one request reserves may already be there for the next one.
  const reserve = ['ledger.reserve', true, 'sqlite', 'reserve', 'ledger'];
  const isReserve = ([name]: readonly unknown[]): boolean => name === 'ledger.reserve';
  const certain = (): unknown => traces.map((id) => databasesOf(id).filter((each) => !isReserve(each)));
  await arrived(certain, [[find, limit], [limit], []]);
  expect(traces.flatMap(databasesOf).filter(isReserve)).toContainEqual(reserve);
  const whole = spansOf(otlp, traces[0] ?? '');
  const server = whole.find(({ kind }) => kind === 'server');
  const isInside = whole.every(
    ({ startNs, endNs }) => startNs >= (server?.startNs ?? 0n) && endNs <= (server?.endNs ?? 0n),
  );
  expect(isInside).toBe(true);
});

test('a look at the cache in Redis has a span, and so has what is kept there, after the answer', async () => {
  await using otlp = await startFakeOtlp();
  await using stage = await startRedisStage({
    keys: ['key-of-the-file'],
    config: { responseCache: { enabled: true } },
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_BSP_SCHEDULE_DELAY: '50' },
  });
  const askAgain = async (): Promise<string> => {
    const { headers } = await chat(stage.gateway, 'key-of-the-file');
    return headers.get('traceparent')?.split('-')[1] ?? '';
  };
  const namesOf = (traceId: string): readonly string[] => {
    const spans = spansOf(otlp, traceId);
    const server = spans.find(({ kind }) => kind === 'server');
    const atRedis = spans.filter(({ attributes }) => attributes['db.system.name'] === 'redis');
    expect(atRedis.every(({ parentSpanId }) => parentSpanId === server?.spanId)).toBe(true);
    return atRedis.map(({ name }) => name).sort();
  };
  const missed = await askAgain();
  await arrived(() => namesOf(missed), ['redis.cache_get', 'redis.cache_put']);
  const hit = await askAgain();
  await arrived(() => namesOf(hit), ['redis.cache_get']);
});
