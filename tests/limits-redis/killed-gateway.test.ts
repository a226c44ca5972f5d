import { answers } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { chat, PATIENT, startRedisStage } from './redis-stage.ts';

const KEY = 'key-a';
const LONG = answers({ intervalMs: 20, text: 'word '.repeat(5000) });
const LEASE_MS = 2000;

test('the places of a gateway that is killed are free again when its lease is over, those of others are not', async () => {
  await using stage = await startRedisStage({
    gateways: 2,
    keys: [KEY],
    models: ['large', 'long'],
    provider: { models: { long: LONG } },
    config: { rateLimits: { key: { concurrency: 3 }, leaseMs: LEASE_MS } },
  });
  const openStream = (url: string): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'long', stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
    });
  const lost = await Promise.all([openStream(stage.gateway.url), openStream(stage.gateway.url)]);
  const kept = await openStream(stage.other.url);
  expect([...lost, kept].map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await chat(stage.other, KEY)).status).toBe(429);

  stage.gateway.process.kill('SIGKILL');
  await stage.gateway.process.exit;
  await vi.waitFor(async () => expect((await chat(stage.other, KEY)).status).toBe(200), PATIENT);
  // The stream that goes on has been given its place anew meanwhile.
  const [second, third] = await Promise.all([openStream(stage.other.url), openStream(stage.other.url)]);
  expect([second.status, third.status]).toEqual([200, 200]);
  expect((await chat(stage.other, KEY)).status).toBe(429);
  await Promise.all([kept, second, third].map(({ body }) => body?.cancel()));
});
