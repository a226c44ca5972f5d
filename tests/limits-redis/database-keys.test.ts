import { startPostgres } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import type { Answer } from '../ask.ts';
import { chat, createKey, startRedisStage } from './redis-stage.ts';

const PEPPER = 'a pepper that both gateways of the tests have';

test('the keys of a user, made at one gateway, share their minute at both', async () => {
  await using postgres = await startPostgres();
  await using stage = await startRedisStage({
    gateways: 2,
    keys: ['key-a'],
    config: { rateLimits: { user: { requestsPerMinute: 9 } } },
    env: { DATABASE_URL: postgres.url, GATEWAYZ_KEY_PEPPER: PEPPER },
  });
  const own = await createKey(stage.gateway, 'ann', { requests_per_minute: 4 });
  const other = await createKey(stage.other, 'ann');
  const askBoth = (count: number, token: string): Promise<readonly Answer[]> =>
    Promise.all(
      stage.gateways.flatMap((gateway) => Array.from({ length: count }, () => chat(gateway, token))),
    );
  const statusesOf = (answered: readonly Answer[]) => answered.map(({ status }) => status).sort();
  expect(statusesOf(await askBoth(4, own.token))).toEqual([...Array(4).fill(200), ...Array(4).fill(429)]);
  expect(statusesOf(await askBoth(4, other.token))).toEqual([...Array(5).fill(200), ...Array(3).fill(429)]);
  expect(stage.provider.attempts()).toHaveLength(9);
});
