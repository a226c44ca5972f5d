import { type ChaosProxy, type RunningGateway, startChaosProxy } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { medianMs, startLoad } from './load.ts';
import { chat, createKey, operationsOf, PATIENT, type RedisStage, startRedisStage } from './redis-stage.ts';

const KEY = 'key-a';
const CLIENTS_EACH = 4;
const NEVER_REACHED = { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000 };
/** What a Redis that fails may cost a request. */
const ADDED_MS = 200;

let stage: RedisStage;
let proxy: ChaosProxy;

beforeAll(async () => {
  stage = await startRedisStage({
    gateways: 2,
    keys: [KEY],
    // As many as there are clients: a place that is lost, or a request that is counted twice, would be a refusal.
    config: { rateLimits: { key: { ...NEVER_REACHED, concurrency: 2 * CLIENTS_EACH } } },
    toRedisUrl: async (port) => {
      proxy = await startChaosProxy({ target: { host: '127.0.0.1', port } });
      return `redis://127.0.0.1:${proxy.port}`;
    },
  });
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await proxy.close();
});

interface RedisFault {
  readonly title: string;
  begin(): Promise<unknown> | unknown;
  end(): Promise<unknown> | unknown;
  /** Whether the gateways can tell; else Redis judges on. */
  readonly isSeen: boolean;
}

const FAULTS: readonly RedisFault[] = [
  {
    title: 'State and money: Redis down → under load each gateway limits alone, and nobody is refused',
    begin: () => stage.killRedis(),
    end: () => stage.startRedisAgain(),
    isSeen: true,
  },
  {
    title: 'State and money: Redis stopped → under load each gateway limits alone, and nobody is refused',
    begin: () => stage.redis.pause(),
    end: () => stage.redis.resume(),
    isSeen: true,
  },
  {
    title: 'State and money: Redis flapping → under load nobody is refused',
    begin: async () => {
      for (let flap = 0; flap < 5; flap++) {
        proxy.setFault({ refuse: true });
        proxy.dropConnections('reset');
        await operationsOf(stage.gateway, 'limit');
        proxy.setFault({});
        await operationsOf(stage.gateway, 'limit');
      }
      proxy.dropConnections('close');
    },
    end: () => proxy.setFault({}),
    isSeen: true,
  },
  {
    title: 'State and money: Redis slow → under load each gateway limits alone, and nobody is refused',
    begin: () => proxy.setFault({ latencyMs: 400 }),
    end: () => proxy.setFault({}),
    isSeen: true,
  },
  {
    title: 'State and money: Redis read-only → under load each gateway limits alone, and nobody is refused',
    begin: () => stage.command('REPLICAOF', '127.0.0.1', '1'),
    end: () => stage.command('REPLICAOF', 'NO', 'ONE'),
    isSeen: true,
  },
  {
    title:
      'State and money: Redis out of memory → under load each gateway limits alone, and nobody is refused',
    begin: () => stage.command('CONFIG', 'SET', 'maxmemory', '1'),
    end: () => stage.command('CONFIG', 'SET', 'maxmemory', '0'),
    isSeen: true,
  },
  {
    title: 'State and money: Redis flushed → under load nobody is refused',
    begin: () => stage.command('FLUSHALL'),
    end: () => stage.command('SCRIPT', 'FLUSH'),
    isSeen: false,
  },
];

/** Operations of both gateways. */
async function judged(status?: 'success'): Promise<number> {
  const counts = await Promise.all(stage.gateways.map((gateway) => operationsOf(gateway, 'limit', status)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Until Redis judges a request of the gateway. */
async function isHeard(gateway: RunningGateway): Promise<void> {
  await vi.waitFor(async () => {
    const before = await operationsOf(gateway, 'limit', 'success');
    await chat(gateway, KEY);
    expect(await operationsOf(gateway, 'limit', 'success')).toBe(before + 1);
  }, PATIENT);
}

test.each(FAULTS)('$title', async ({ begin, end, isSeen }) => {
  await Promise.all(stage.gateways.map(isHeard));
  const [asked, answered] = [await judged(), await judged('success')];

  const load = startLoad(stage.gateways, CLIENTS_EACH, KEY);
  const well = await load.next(60);
  await begin();
  const ill = await load.next(120);
  await end();
  await load.next(60);
  await vi.waitFor(async () => {
    const before = await judged('success');
    await load.next(20);
    expect(await judged('success')).toBeGreaterThan(before);
  }, PATIENT);
  const seen = await load.stop();

  expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  // Of all of them single ones wait for what keeps this machine busy.
  expect(medianMs(ill) - medianMs(well)).toBeLessThanOrEqual(ADDED_MS);
  expect(await judged()).toBe(asked + seen.length);
  const alone = (await judged()) - (await judged('success')) - (asked - answered);
  if (isSeen) expect(alone).toBeGreaterThan(0);
});

test('State and money: Redis down → the limits hold at each gateway, and its metrics say that it is away', async () => {
  const { token } = await createKey(stage.gateway, 'ann', { requests_per_minute: 3 });
  const before = (await settledMetrics(stage.gateway)).sum('rate_limited_requests_total');
  await stage.killRedis();
  const statuses: number[] = [];
  for (let time = 0; time < 5; time++) statuses.push((await chat(stage.gateway, token)).status);
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  const away = await settledMetrics(stage.gateway);
  expect(away.sum('rate_limited_requests_total')).toBe(before + 2);
  await vi.waitFor(async () => expect((await stage.gateway.metrics()).value('redis_up')).toBe(0), {
    timeout: 20_000,
    interval: 250,
  });
  await stage.startRedisAgain();
});
