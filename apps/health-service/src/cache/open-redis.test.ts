import type { RedisEvent } from '@gatewayz/redis-link';
import { freePort, startRedis } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { type LogLine, writeLinesBy } from '../log.ts';
import { openRedis } from './open-redis.ts';

test('an outage of Redis has one line when it has lasted two seconds, and one when it has been over for ten', async () => {
  const lines: LogLine[] = [];
  writeLinesBy((line) => lines.push(line));
  const port = await freePort();
  let nowMs = 0;
  const events: RedisEvent[] = [];
  const onOperation = (event: RedisEvent): void => void events.push(event);
  const redis = await openRedis({ url: `redis://127.0.0.1:${port}`, onOperation, now: () => nowMs });
  try {
    const ping = () => redis.link.ask('ping', (client) => client.ping());
    await vi.waitFor(() => expect(redis.link.trouble()).toBe('ECONNREFUSED'), { timeout: 5000 });
    for (const atMs of [0, 1999, 2000, 5000]) {
      nowMs = atMs;
      await ping();
      expect(lines).toHaveLength(atMs < 2000 ? 0 : 1);
    }
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: 'Redis is away: the health service goes on by itself',
        fields: { reason: 'ECONNREFUSED' },
      },
    ]);

    await using server = await startRedis({ port });
    expect(server.port).toBe(port);
    await vi.waitFor(() => expect(redis.link.isAvailable()).toBe(true), { timeout: 15_000 });
    for (const atMs of [14_999, 15_000, 60_000]) {
      nowMs = atMs;
      expect(await ping()).toMatchObject({ ok: true });
    }
    expect(lines.slice(1)).toEqual([
      { level: 'info', message: 'Redis is back for the health service', fields: { away_ms: 5000 } },
    ]);
    expect(events).toHaveLength(7);
  } finally {
    await redis.close();
  }
});
