import type { RunningRedis } from '@gatewayz/testkit';
import { startRedis } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { LimitsOptions } from './limits.ts';
import { ANN, admittedOf, createReplica, NONE, type Replica, refusalsOf } from './limits-stage.ts';

const PHONE = { ...ANN, keyId: 'phone' };
const PATIENT = { timeout: 10_000, interval: 20 };

let redis: RunningRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const replicas: Replica[] = [];
async function startReplicas(options: Partial<LimitsOptions>): Promise<readonly [Replica, Replica]> {
  const [one, other] = [createReplica(redis.url, options), createReplica(redis.url, options)] as const;
  replicas.push(one, other);
  await Promise.all([one.isUp(), other.isUp()]);
  return [one, other];
}

beforeEach(async () => {
  const replica = createReplica(redis.url, {});
  await replica.isUp();
  await replica.link.ask('test', (client) => client.flushall());
  await replica[Symbol.asyncDispose]();
  return async () => {
    await Promise.all(replicas.splice(0).map((used) => used[Symbol.asyncDispose]()));
  };
});

test('of 100 requests at once at two replicas as many are admitted as the key may make a minute', async () => {
  const [one, other] = await startReplicas({ ofKeys: { ...NONE, requestsPerMinute: 10 } });
  const all = (await Promise.all([one.admit(50), other.admit(50)])).flat();
  expect(admittedOf(all)).toHaveLength(10);
  expect(new Set(refusalsOf(all))).toEqual(new Set(['requests']));
  const [refused] = await one.admit(1);
  expect(refused?.ok === false && refused.retryAfterMs).toBeGreaterThan(30_000);
  expect(refused?.ok === false && refused.headers.slice(0, 4)).toEqual([
    'x-ratelimit-limit-requests',
    '10',
    'x-ratelimit-remaining-requests',
    '0',
  ]);
});

test('keys of one user share the user’s minute, and what one key is refused costs the other nothing', async () => {
  const [one, other] = await startReplicas({
    ofKeys: { ...NONE, requestsPerMinute: 4 },
    ofUsers: { requestsPerMinute: 6, tokensPerMinute: null },
  });
  expect(admittedOf(await one.admit(20))).toHaveLength(4);
  expect(admittedOf(await other.admit(4, PHONE))).toHaveLength(2);
  await vi.waitFor(async () => {
    const counted = await one.link.ask('test', (client) =>
      client.mget('gatewayz:limit:requests:key:phone', 'gatewayz:limit:requests:user:ann'),
    );
    expect(counted).toEqual({ ok: true, value: ['2', '6'] });
  }, PATIENT);
});

test('tokens that were used at one replica are used up at the other', async () => {
  const [one, other] = await startReplicas({ ofKeys: { ...NONE, tokensPerMinute: 100 } });
  admittedOf(await one.admit(1))[0]?.end(100);
  await vi.waitFor(async () => expect(refusalsOf(await other.admit(1))).toEqual(['tokens']), PATIENT);
  expect(admittedOf(await other.admit(1, PHONE))).toHaveLength(1);
});

test('a user’s tokens are those of all keys at all replicas', async () => {
  const [one, other] = await startReplicas({ ofUsers: { requestsPerMinute: null, tokensPerMinute: 100 } });
  admittedOf(await one.admit(1))[0]?.end(100);
  await vi.waitFor(async () => expect(refusalsOf(await other.admit(1, PHONE))).toEqual(['tokens']), PATIENT);
});

test('of 60 requests at once at two replicas as many run as the key may have under way, and the next when they end', async () => {
  const [one, other] = await startReplicas({ ofKeys: { ...NONE, concurrency: 7 } });
  const all = (await Promise.all([one.admit(30), other.admit(30)])).flat();
  const leases = admittedOf(all);
  expect(leases).toHaveLength(7);
  expect(new Set(refusalsOf(all))).toEqual(new Set(['concurrency']));
  for (const lease of leases) {
    lease.end(5);
    lease.end(5);
  }
  await vi.waitFor(async () => {
    const left = await one.link.ask('test', (client) => client.exists('gatewayz:limit:leases:laptop'));
    expect(left).toEqual({ ok: true, value: 0 });
  }, PATIENT);
  expect(admittedOf(await other.admit(10))).toHaveLength(7);
});

test('what is refused for the minute gives its place back', async () => {
  const [one] = await startReplicas({
    ofKeys: { requestsPerMinute: 1, tokensPerMinute: null, concurrency: 2 },
  });
  expect(refusalsOf(await one.admit(1))).toEqual([]);
  for (let tries = 0; tries < 4; tries++) expect(refusalsOf(await one.admit(1))).toEqual(['requests']);
});

test('a request keeps its place for as long as it runs, and those of a replica that died are free after the lease', async () => {
  const [one, other] = await startReplicas({ ofKeys: { ...NONE, concurrency: 2 }, leaseMs: 300 });
  const [kept] = admittedOf(await one.admit(1));
  expect(admittedOf(await other.admit(1))).toHaveLength(1);
  await other[Symbol.asyncDispose]();
  expect(refusalsOf(await one.admit(1))).toEqual(['concurrency']);
  const [next] = await vi.waitUntil(async () => {
    const leases = admittedOf(await one.admit(1));
    return leases.length > 0 && leases;
  }, PATIENT);
  const renewals = (): number => one.events.filter(({ operation }) => operation === 'limit_renew').length;
  const before = renewals();
  await vi.waitFor(() => expect(renewals()).toBeGreaterThan(before + 4), PATIENT);
  expect(refusalsOf(await one.admit(1))).toEqual(['concurrency']);
  kept?.end(0);
  next?.end(0);
});

test('nothing stays in Redis for longer than its minute or lease', async () => {
  const [one] = await startReplicas({ ofKeys: { requestsPerMinute: 5, tokensPerMinute: 5, concurrency: 5 } });
  const [lease] = admittedOf(await one.admit(2));
  lease?.end(3);
  const ends = await vi.waitUntil(async () => {
    const answer = await one.link.ask('test', async (client) => {
      const keys = await client.keys('*');
      return Promise.all(keys.map((key) => client.pttl(key)));
    });
    return answer.ok && answer.value.length === 3 && answer.value;
  }, PATIENT);
  for (const ms of ends) expect(ms).toSatisfy((left: number) => left > 0 && left <= 60_000);
});
