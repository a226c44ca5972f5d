import { createRegistry } from '@gatewayz/metrics';
import { freePort, startRedis } from '@gatewayz/testkit';
import { beforeEach, expect, test, vi } from 'vitest';
import { openRedis } from './open-redis.ts';

const lines: unknown[][] = [];
vi.mock('../log.ts', () => ({ log: (...line: unknown[]) => lines.push(line) }));
beforeEach(() => {
  lines.length = 0;
});

test('a Redis that is away has one line, with the reason and without the password', async () => {
  const redis = openRedis(`redis://:canary-password@127.0.0.1:${await freePort()}`, createRegistry());
  redis.start();
  await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 10_000 });
  for (let turn = 0; turn < 10; turn += 1) await redis.link.ask('ping', (client) => client.ping());
  expect(lines).toEqual([['warn', expect.stringMatching(/^Redis is away/), { reason: 'ECONNREFUSED' }]]);
  await redis.close();
});

test('a Redis that answers has none', async () => {
  const server = await startRedis();
  const redis = openRedis(server.url, createRegistry());
  redis.start();
  await vi.waitFor(() => expect(redis.link.isAvailable()).toBe(true), { timeout: 10_000 });
  await redis.link.ask('ping', (client) => client.ping());
  await redis.close();
  await server.stop();
  expect(lines).toEqual([]);
});
