import { DatabaseSync } from 'node:sqlite';
import type { RunningGateway } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { askAdmin } from './admin.ts';
import { readBooks } from './books.ts';
import { openLedgerStage } from './ledger-stage.ts';

const DAY_MS = 86_400_000;
const CREDITS = 1_000_000;
/** Three processes start. */
vi.setConfig({ testTimeout: 120_000 });

const PATIENT = { timeout: 20_000, interval: 50 };

test('the credits of billing cycles that began while no gateway ran are granted at the next start, once, by one of its workers', async () => {
  await using stage = await openLedgerStage({ databaseUrl: null, env: { GATEWAYZ_WORKERS: '2' } });
  const grantedOf = async (gateway: RunningGateway): Promise<unknown> =>
    (await askAdmin(gateway, 'GET', 'users/ann')).granted_micro;
  const first = await stage.start();
  await askAdmin(first, 'POST', 'users', { id: 'ann' });
  const plan = { id: 'pro', name: 'Pro', plan_type: 'paid', billing_cycle: 'monthly', price_micro_usd: 0 };
  await askAdmin(first, 'POST', 'plans', { ...plan, credits_micro: CREDITS });
  await askAdmin(first, 'POST', 'subscriptions', { user_id: 'ann', plan_id: 'pro' });
  expect(await grantedOf(first)).toBe(CREDITS);
  await first.stop();

  // Between two and three months in, whatever their lengths.
  const database = new DatabaseSync(stage.sqliteFile);
  database.prepare('update subscriptions set started_at_ms = started_at_ms - ?').run(75 * DAY_MS);
  database.close();
  const next = await stage.start();
  await vi.waitFor(async () => expect(await grantedOf(next)).toBe(3 * CREDITS), PATIENT);
  await next.stop();
  const { grants } = await readBooks({ file: stage.sqliteFile });
  expect(grants.map(({ request_id: id }) => String(id).replace(/sub_\w+/, 'sub'))).toEqual([
    'subscription:sub',
    expect.stringMatching(/^subscription:sub:\d{4}-\d\d-\d\dT/),
    expect.stringMatching(/^subscription:sub:\d{4}-\d\d-\d\dT/),
  ]);
});
