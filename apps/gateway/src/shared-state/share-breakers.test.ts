import type { RunningRedis } from '@gatewayz/testkit';
import { freePort, startRedis } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReplica, OPEN_MS, type Replica } from './breaker-replica.ts';
import { DEFAULT_INTERVAL_MS } from './share-breakers.ts';

const WITHIN_A_SECOND = { timeout: 1000, interval: 10 };
const PATIENT = { timeout: 15_000, interval: 20 };

let redis: RunningRedis;
let nowMs: number;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  redis = await startRedis();
  nowMs = 1_000_000;
});

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
  await redis.stop();
});

async function startReplica(options: { url?: string; intervalMs?: number } = {}): Promise<Replica> {
  const { url = redis.url, ...rest } = options;
  const replica = await createReplica(url, () => nowMs, { ...rest, waits: url === redis.url });
  closers.push(replica.close);
  return replica;
}

const reads = (replica: Replica): number =>
  replica.asked.filter(({ operation, status }) => operation === 'breakers_read' && status === 'success')
    .length;

/** Until every replica has read what there is. */
async function settle(...replicas: readonly Replica[]): Promise<void> {
  const before = replicas.map(reads);
  const haveRead = (): boolean =>
    replicas.every((replica, index) => reads(replica) > (before[index] ?? 0) + 1);
  await vi.waitFor(() => expect(haveRead()).toBe(true), PATIENT);
}

test('a trip at one replica is known at the other within a second, and ends there in half-open', async () => {
  const byDefault = { intervalMs: DEFAULT_INTERVAL_MS };
  const [one, other] = [await startReplica(byDefault), await startReplica(byDefault)];
  one.trip();
  expect(one.state('llama')).toBe('open');
  await vi.waitFor(() => expect(other.state('llama')).toBe('open'), WITHIN_A_SECOND);
  const state = other.health.model('llama').breaker.state(nowMs);
  expect(state).toMatchObject({ kind: 'open', reason: 'consecutive_failures', opensInRow: 1 });
  expect(state.kind === 'open' && state.untilMs - nowMs).toSatisfy(
    (leftMs: number) => leftMs > OPEN_MS - 2000 && leftMs <= OPEN_MS,
  );
  expect(other.state()).toBe('closed');
  nowMs += OPEN_MS;
  expect(other.state('llama')).toBe('half_open');
});

test('a provider’s own breaker is shared as those of its models are', async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  for (const model of ['llama', 'qwen', 'gpt-oss']) {
    one.health.model(model);
    other.health.model(model);
  }
  one.health.breaker.restore({ version: 1, kind: 'half_open', agoMs: 0, successes: 0, opensInRow: 1 }, nowMs);
  const permit = one.health.breaker.tryAcquire(nowMs);
  if (permit !== null) one.health.breaker.end(permit, 'failure', nowMs);
  await vi.waitFor(() => expect(other.state()).toBe('open'), WITHIN_A_SECOND);
  expect(other.health.breaker.state(nowMs)).toMatchObject({ reason: 'half_open_failure', opensInRow: 2 });
});

test('what is heard is not told again', async () => {
  const replicas = [await startReplica(), await startReplica(), await startReplica()];
  replicas[0]?.trip();
  await settle(...replicas);
  await settle(...replicas);
  expect(replicas.map(({ state }) => state('llama'))).toEqual(['open', 'open', 'open']);
  expect(replicas.map(({ puts }) => puts())).toEqual([1, 0, 0]);
  expect(replicas.map(({ transitions }) => transitions.length)).toEqual([1, 1, 1]);
});

test('replicas that trip at the same time make no storm', async () => {
  const replicas = [await startReplica(), await startReplica(), await startReplica()];
  const models = Array.from({ length: 20 }, (_, index) => `model-${index}`);
  for (const replica of replicas) for (const model of models) replica.trip(model);
  await settle(...replicas);
  await settle(...replicas);
  for (const replica of replicas) {
    expect(models.every((model) => replica.state(model) === 'open')).toBe(true);
    expect(replica.puts()).toBe(20);
    expect(replica.transitions).toHaveLength(20);
  }
});

test('a breaker that closes by its probes closes where it was open on the word of others', async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  one.trip();
  await vi.waitFor(() => expect(other.state('llama')).toBe('open'), WITHIN_A_SECOND);
  const [breaker] = [one.health.model('llama').breaker];
  breaker.restore({ version: 1, kind: 'half_open', agoMs: 0, successes: 0, opensInRow: 1 }, nowMs);
  one.attempt('llama', 'success');
  one.attempt('llama', 'success');
  expect(one.state('llama')).toBe('closed');
  await vi.waitFor(() => expect(other.state('llama')).toBe('closed'), WITHIN_A_SECOND);
  expect(other.puts()).toBe(0);
  one.trip();
  await vi.waitFor(() => expect(other.state('llama')).toBe('open'), WITHIN_A_SECOND);
});

test('where a replica has seen the failures itself, it tries the provider when another says that it is well', async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  one.trip();
  other.trip();
  await settle(one, other);
  const { breaker } = one.health.model('llama');
  breaker.restore({ version: 1, kind: 'half_open', agoMs: 0, successes: 0, opensInRow: 1 }, nowMs);
  one.attempt('llama', 'success');
  one.attempt('llama', 'success');
  await vi.waitFor(() => expect(other.state('llama')).toBe('half_open'), WITHIN_A_SECOND);
  expect(one.state('llama')).toBe('closed');
});

test('a probe that fails elsewhere keeps the breaker open here for as long', async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  one.trip();
  await vi.waitFor(() => expect(other.state('llama')).toBe('open'), WITHIN_A_SECOND);
  nowMs += OPEN_MS;
  expect([one.state('llama'), other.state('llama')]).toEqual(['half_open', 'half_open']);
  one.attempt('llama', 'failure');
  await vi.waitFor(() => expect(other.state('llama')).toBe('open'), WITHIN_A_SECOND);
  nowMs += 1.5 * OPEN_MS;
  expect(other.state('llama')).toBe('open');
  nowMs += 0.5 * OPEN_MS;
  expect(other.state('llama')).toBe('half_open');
});

test.each(['forceOpen', 'forceClosed'] as const)(
  'an operator’s %s stands above what others say',
  async (force) => {
    const [one, other] = [await startReplica(), await startReplica()];
    const { breaker } = other.health.model('llama');
    breaker[force]('drill', nowMs);
    const before = breaker.visibleState(nowMs);
    one.trip();
    await settle(other, one);
    expect(breaker.state(nowMs).kind).toBe('forced');
    expect(breaker.visibleState(nowMs)).toBe(before);
    expect(other.puts()).toBe(0);
  },
);

test('a trip counts once: what an operator has closed since stays closed', async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  one.trip('llama');
  await vi.waitFor(() => expect(other.state('llama')).toBe('open'), WITHIN_A_SECOND);
  const { breaker } = other.health.model('llama');
  breaker.forceClosed('looked at it', nowMs);
  breaker.auto(nowMs);
  one.trip('qwen');
  await vi.waitFor(() => expect(other.state('qwen')).toBe('open'), WITHIN_A_SECOND);
  expect(other.state('llama')).toBe('closed');
});

test('a replica that starts later learns of what is open', async () => {
  const one = await startReplica();
  one.trip();
  await settle(one);
  const late = await startReplica();
  await vi.waitFor(() => expect(late.state('llama')).toBe('open'), WITHIN_A_SECOND);
});

test('a trip while Redis is down is told when it is back', async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  redis.process.kill('SIGKILL');
  await redis.process.exit;
  one.trip();
  expect(one.state('llama')).toBe('open');
  await redis.stop();
  redis = await startRedis({ port: redis.port });
  await vi.waitFor(() => expect(other.state('llama')).toBe('open'), PATIENT);
});

test('State and money: Redis flushed → what is open is told again to whom comes later', async () => {
  const one = await startReplica();
  one.trip();
  await settle(one);
  await one.link.ask('test', (client) => client.flushall());
  await settle(one);
  const late = await startReplica();
  await vi.waitFor(() => expect(late.state('llama')).toBe('open'), WITHIN_A_SECOND);
});

test('without Redis a replica goes by what it sees', async () => {
  const one = await startReplica({ url: `redis://127.0.0.1:${await freePort()}` });
  one.trip();
  expect(one.state('llama')).toBe('open');
  nowMs += OPEN_MS;
  expect(one.state('llama')).toBe('half_open');
});

test('what is no note of a breaker harms nobody, and a breaker that nobody has is left out', async () => {
  const one = await startReplica();
  await one.link.ask('test', (client) =>
    client.hset('gatewayz:breakers', {
      '': '1',
      'no field': 'no entry',
      '["groq",null]': '9999999999999 {"id":1}',
      '["groq","qwen"]': '9999999999999 {"id":"1","by":"x","state":"open","reason":"odd","opensInRow":1}',
      '["gone",null]':
        '9999999999999 {"id":"1","by":"x","state":"open","reason":"failure_ratio","opensInRow":1}',
      '["groq","llama"]':
        '9999999999999 {"id":"1","by":"x","state":"open","reason":"failure_ratio","opensInRow":1}',
    }),
  );
  await vi.waitFor(() => expect(one.state('llama')).toBe('open'), WITHIN_A_SECOND);
  expect([one.state(), one.state('qwen')]).toEqual(['closed', 'closed']);
  nowMs += 300_000;
  // Never for longer than the longest that it would be open by itself.
  expect(one.state('llama')).toBe('half_open');
});

test('entries that are over do not stay', async () => {
  const one = await startReplica();
  await one.link.ask('test', (client) => client.hset('gatewayz:breakers', '["groq","old"]', '1000 {}'));
  one.trip();
  await settle(one);
  const fields = await one.link.ask('test', (client) => client.hkeys('gatewayz:breakers'));
  expect(fields.ok && new Set(fields.value)).toEqual(new Set(['["groq","llama"]', '']));
  const leftMs = await one.link.ask('test', (client) => client.pttl('gatewayz:breakers'));
  expect(leftMs.ok && leftMs.value).toBeGreaterThan(OPEN_MS);
});
