import type { ChaosProxy, RunningRedis } from '@gatewayz/testkit';
import { freePort, startChaosProxy, startRedis } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LimitLease } from './limits.ts';
import { ANN, admittedOf, createReplica, NONE, type Replica, refusalsOf } from './limits-stage.ts';

const PATIENT = { timeout: 15_000, interval: 20 };
const LIMITED_MS = 200;

let redis: RunningRedis;
let proxy: ChaosProxy;
let replica: Replica;

beforeEach(async () => {
  redis = await startRedis();
  proxy = await startChaosProxy({ target: { host: '127.0.0.1', port: redis.port } });
  replica = createReplica(`redis://127.0.0.1:${proxy.port}`, {
    ofKeys: { requestsPerMinute: 40, tokensPerMinute: 1000, concurrency: 10 },
  });
  await replica.isUp();
});

afterEach(async () => {
  await replica[Symbol.asyncDispose]();
  await proxy.close();
  await redis.stop();
});

const limitEvents = (): Replica['events'] => replica.events.filter(({ operation }) => operation === 'limit');

async function command(...words: readonly [string, ...string[]]): Promise<void> {
  const [name, ...rest] = words;
  const answer = await replica.link.ask('test', (client) => client.call(name, ...rest));
  if (!answer.ok) throw new Error(`Redis refused ${words.join(' ')}`);
}

/** A client that stays below every limit. */
async function askBelowLimits(times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const admissions = await replica.admit(2);
    expect(refusalsOf(admissions)).toEqual([]);
    for (const lease of admittedOf(admissions)) lease.end(1);
  }
}

/** Shows that Redis does not judge, and that each request that this process judges alone is counted as one. */
async function expectLocal(status: 'error' | 'timeout'): Promise<void> {
  const before = limitEvents().length;
  await askBelowLimits(3);
  const events = limitEvents().slice(before);
  expect(events).toHaveLength(6);
  expect(events.filter((event) => event.status === 'success')).toEqual([]);
  expect(events.map((event) => event.status)).toContain(status);
  const waits = events.flatMap((event) => (event.status === status ? [event.seconds * 1000] : []));
  expect(Math.min(...waits)).toBeLessThanOrEqual(LIMITED_MS);
  // The limits hold all the same.
  const other = { ...ANN, keyId: `${status}-${before}` };
  expect(admittedOf(await replica.admit(30, other))).toHaveLength(10);
}

/** Shows that Redis judges again, of nobody wrongly, and that no place is lost. */
async function expectShared(): Promise<void> {
  await replica.isUp();
  await vi.waitFor(async () => {
    const before = limitEvents().length;
    const admissions = await replica.admit(10);
    for (const lease of admittedOf(admissions)) lease.end(1);
    expect(refusalsOf(admissions)).toEqual([]);
    expect(
      new Set(
        limitEvents()
          .slice(before)
          .map(({ status }) => status),
      ),
    ).toEqual(new Set(['success']));
  }, PATIENT);
}

test('State and money: Redis down → this process limits alone, counted, until Redis is back', async () => {
  await askBelowLimits(2);
  redis.process.kill('SIGKILL');
  await redis.process.exit;
  await expectLocal('error');
  await redis.stop();
  redis = await startRedis({ port: redis.port });
  await expectShared();
});

test('State and money: Redis down → a start without it admits at once', async () => {
  await using alone = createReplica(`redis://127.0.0.1:${await freePort()}`, {
    ofKeys: { ...NONE, requestsPerMinute: 3 },
  });
  expect(refusalsOf(await alone.admit(4))).toEqual(['requests']);
});

test('State and money: Redis down → a key goes on with what it had left of its minute and its places', async () => {
  const [asking, spending, busy] = ['asking', 'spending', 'busy'].map((keyId) => ({ ...ANN, keyId }));
  for (let round = 0; round < 4; round++)
    for (const lease of admittedOf(await replica.admit(9, asking))) lease.end(0);
  admittedOf(await replica.admit(1, spending))[0]?.end(1000);
  const held = admittedOf(await replica.admit(9, busy));
  redis.process.kill('SIGKILL');
  await redis.process.exit;
  expect(refusalsOf(await replica.admit(5, asking))).toEqual(['requests']);
  expect(refusalsOf(await replica.admit(1, spending))).toEqual(['tokens']);
  expect(refusalsOf(await replica.admit(2, busy))).toEqual(['concurrency']);
  held[0]?.end(0);
  expect(refusalsOf(await replica.admit(1, busy))).toEqual([]);
});

test('State and money: Redis stopped → within 200 ms this process limits alone, counted, and no place is lost', async () => {
  const held = admittedOf(await replica.admit(8));
  expect(held).toHaveLength(8);
  redis.pause();
  await expectLocal('timeout');
  // These end while nobody hears of it.
  for (const lease of held) lease.end(1);
  redis.resume();
  await expectShared();
});

test('State and money: Redis flapping → nobody below the limits is refused, and no place is lost', async () => {
  const held: LimitLease[] = [];
  for (let flap = 0; flap < 4; flap++) {
    held.push(...admittedOf(await replica.admit(2)));
    proxy.setFault({ refuse: true });
    const underWay = replica.admit(1);
    proxy.dropConnections(flap % 2 === 0 ? 'reset' : 'close');
    expect(refusalsOf(await underWay)).toEqual([]);
    for (const lease of [...admittedOf(await underWay), ...held.splice(0)]) lease.end(1);
    proxy.setFault({});
    await replica.isUp();
  }
  await expectShared();
});

test('State and money: Redis flapping → a place given back on a connection that breaks is free on the next one', async () => {
  // With that much time, what waits for its end is told from what is given up when the connection breaks.
  const patient = { commandTimeoutMs: 5000 };
  const url = `redis://127.0.0.1:${proxy.port}`;
  await using one = createReplica(url, { ofKeys: { ...NONE, concurrency: 3 } }, patient);
  await one.isUp();
  const held = admittedOf(await one.admit(3));
  expect(held).toHaveLength(3);
  proxy.setFault({ blackhole: true });
  for (const lease of held) lease.end(0);
  proxy.dropConnections('reset');
  proxy.setFault({});
  await vi.waitFor(() => expect(one.link.isAvailable()).toBe(false), { ...PATIENT, interval: 1 });
  await one.isUp();
  expect(refusalsOf(await one.admit(3))).toEqual([]);
});

test('State and money: Redis slow → within 200 ms this process limits alone, counted, until it is fast again', async () => {
  proxy.setFault({ latencyMs: 300 });
  await expectLocal('timeout');
  proxy.setFault({});
  await expectShared();
});

test('State and money: Redis read-only → this process limits alone, counted, until it may write again', async () => {
  const held = admittedOf(await replica.admit(8));
  await command('REPLICAOF', '127.0.0.1', String(await freePort()));
  await expectLocal('error');
  for (const lease of held) lease.end(1);
  await command('REPLICAOF', 'NO', 'ONE');
  await expectShared();
});

test('State and money: Redis out of memory → this process limits alone, counted, until there is memory', async () => {
  const held = admittedOf(await replica.admit(8));
  await command('CONFIG', 'SET', 'maxmemory', '1');
  await expectLocal('error');
  for (const lease of held) lease.end(1);
  await command('CONFIG', 'SET', 'maxmemory', '0');
  await expectShared();
});

test('State and money: Redis out of memory → places go on being shared, and are kept and given back', async () => {
  const options = { ofKeys: { ...NONE, concurrency: 3 }, leaseMs: 300 };
  await using one = createReplica(redis.url, options);
  await using other = createReplica(redis.url, options);
  await Promise.all([one.isUp(), other.isUp()]);
  const before = admittedOf(await one.admit(2));
  await command('CONFIG', 'SET', 'maxmemory', '1');
  const held = [...before, ...admittedOf(await other.admit(1))];
  expect(held).toHaveLength(3);
  const renewals = (status: string) => () => {
    const seen = [...one.events, ...other.events].filter((event) => event.operation === 'limit_renew');
    return seen.filter((event) => event.status === status).length;
  };
  // Longer than a lease that nobody keeps.
  await vi.waitUntil(() => renewals('success')() >= 8 || renewals('error')() > 0, PATIENT);
  expect(renewals('error')()).toBe(0);
  for (const replica of [one, other]) expect(refusalsOf(await replica.admit(1))).toEqual(['concurrency']);
  for (const lease of held) lease.end(0);
  await vi.waitFor(async () => expect(admittedOf(await other.admit(3))).toHaveLength(3), PATIENT);
});

test('State and money: Redis flushed → nobody is refused for it, and requests under way get their places back', async () => {
  await using brisk = createReplica(redis.url, { ofKeys: { ...NONE, concurrency: 3 }, leaseMs: 300 });
  await brisk.isUp();
  const caller = { ...ANN, keyId: 'brisk' };
  const held = admittedOf(await brisk.admit(3, caller));
  await askBelowLimits(2);
  await command('FLUSHALL');
  await command('SCRIPT', 'FLUSH');
  await askBelowLimits(2);
  const isFullAgain = async (): Promise<void> => {
    const probes = await brisk.admit(1, caller);
    for (const lease of admittedOf(probes)) lease.end(0);
    expect(refusalsOf(probes)).toEqual(['concurrency']);
  };
  await vi.waitFor(isFullAgain, PATIENT);
  for (const lease of held) lease.end(0);
  await vi.waitFor(async () => expect(admittedOf(await brisk.admit(3, caller))).toHaveLength(3), PATIENT);
});
