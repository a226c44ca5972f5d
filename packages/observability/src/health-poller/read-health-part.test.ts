import { describe, expect, test } from 'vitest';
import type { HealthEndpoint } from './health-endpoint.ts';
import { type HealthReading, readHealthPart } from './read-health-part.ts';

const read = (endpoint: HealthEndpoint, body: unknown): HealthReading =>
  readHealthPart(endpoint, body, (status) => (status.length < 12 ? status : 'other'));
const values = (endpoint: HealthEndpoint, body: unknown): Record<string, number> =>
  Object.fromEntries(read(endpoint, body).values);

describe('amounts', () => {
  test('zero and fractions are amounts, and -0 is 0', () => {
    expect(
      values('/status', { models_tracked: 0, health_check_interval: 0.5, providers_tracked: -0 }),
    ).toEqual({
      models_tracked: 0,
      health_check_interval: 0.5,
      providers_tracked: 0,
    });
  });

  test.each([null, '5', -1, Number.NaN, 1e30, Number.POSITIVE_INFINITY, [], {}, true])(
    '%j is dropped and counted, the rest is kept',
    (bad) => {
      const reading = read('/metrics', { total_models: bad, total_providers: 3 });
      expect([Object.fromEntries(reading.values), reading.dropped]).toEqual([{ total_providers: 3 }, 1]);
    },
  );

  test('a field that is missing, inherited or unknown is no bad entry', () => {
    const body = JSON.parse('{"total_models": 1, "colour": "blue", "__proto__": {"tracked_models": 9}}');
    expect(read('/metrics', body)).toEqual({
      values: new Map([['total_models', 1]]),
      statuses: null,
      dropped: 0,
    });
  });
});

describe('flags', () => {
  test.each([
    [true, 1],
    [false, 0],
    [1, 1],
    [0, 0],
    [30, 1],
  ])('%j is %d', (flag, value) => {
    expect(values('/cache/stats', { cache_available: flag })).toEqual({ cache_available: value });
  });

  test.each([null, 'true', -1, []])('%j is dropped and counted', (bad) => {
    const body = { cache_available: bad, models_health_cached: true };
    expect(read('/cache/stats', body)).toMatchObject({
      values: new Map([['models_health_cached', 1]]),
      dropped: 1,
    });
  });
});

describe('the distribution of statuses', () => {
  const statuses = (distribution: unknown): readonly [unknown, number] => {
    const reading = read('/metrics', { total_models: 1, status_distribution: distribution });
    return [reading.statuses === null ? null : Object.fromEntries(reading.statuses), reading.dropped];
  };

  test('every good entry is kept, every bad one dropped and counted', () => {
    expect(statuses({ healthy: 2, down: null, degraded: -1, unknown: '3', maintenance: 0 })).toEqual([
      { healthy: 2, maintenance: 0 },
      3,
    ]);
  });

  test('statuses of one label are added up', () => {
    expect(statuses({ 'long status one': 2, 'long status two': 3, other: 4 })).toEqual([{ other: 9 }, 0]);
  });

  test('an empty one is one, and no object is a bad entry', () => {
    expect(statuses({})).toEqual([{}, 0]);
    for (const bad of [null, [], 'healthy', 3]) expect(statuses(bad)).toEqual([null, 1]);
  });

  test('elsewhere it is an unknown field', () => {
    expect(read('/status', { models_tracked: 1, status_distribution: { healthy: 1 } }).statuses).toBeNull();
  });
});

describe('a whole answer', () => {
  test('/health needs a status, whatever it says', () => {
    expect(read('/health', { status: 'degraded' })).toEqual({
      values: new Map(),
      statuses: null,
      dropped: 0,
    });
    for (const body of [{}, { status: null }, { status: 1 }]) {
      expect(() => read('/health', body)).toThrow(expect.objectContaining({ reason: 'invalid' }));
    }
  });

  test.each([null, [], 'healthy', 3, {}, { colour: 'blue' }, { models_tracked: 'many' }])(
    'one without anything good in it is invalid: %j',
    (body) => {
      for (const endpoint of ['/health', '/status', '/metrics', '/cache/stats'] as const) {
        expect(() => read(endpoint, body)).toThrow(expect.objectContaining({ reason: 'invalid' }));
      }
    },
  );
});
