import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RunningPostgres, startPostgres } from '@gatewayz/testkit';
import { ADMIN_TOKEN, createUser } from '../ledger/admin.ts';
import type { Fault, StartScenario } from './scenario.ts';
import { startStackGateway } from './stack-gateway.ts';
import { startTraffic } from './traffic.ts';

/** So many that no user asks again while the database still holds the last charge. */
const USERS = Array.from({ length: 24 }, (_, index) => `user-${index}`);
/** Longer than the gateway waits for a charge to be written, and no error of the database. */
const SLOW_LEDGER = `
  create function linger() returns trigger language plpgsql as 'begin perform pg_sleep(2); return null; end';
  create trigger slow after insert on ledger for each statement execute function linger();
`;

async function tell(postgres: RunningPostgres, sql: string): Promise<void> {
  await promisify(execFile)(join(postgres.programsFolder, 'psql'), [postgres.url, '-X', '-q', '-c', sql]);
}

/** Users who pay, and a Postgres that takes its time over every charge. */
export const startLedger: StartScenario = async (closers) => {
  const postgres = closers.use(await startPostgres());
  const { gateway } = await startStackGateway(closers, {
    providers: { primary: ['large'] },
    prices: { large: { inputUsdPerMillion: 3, outputUsdPerMillion: 15 } },
    config: { auth: { mode: 'keys', keys: ['key-of-an-application'] } },
    env: { DATABASE_URL: postgres.url, ADMIN_TOKEN },
  });
  const keys = await Promise.all(USERS.map((user) => createUser(gateway, user, 1_000_000_000)));
  const tokens = keys.map(({ token }) => token);
  closers.use(startTraffic(gateway, { model: 'large', perSecond: 3, tokens }));
  const fault: Fault = {
    alert: 'CreditLedgerBacklog',
    what: 'the database takes 2 s over every charge',
    withinMinutes: 14,
    begin: () => tell(postgres, SLOW_LEDGER),
    end: () => tell(postgres, 'drop trigger slow on ledger'),
  };
  return { env: 'ledger', gateways: [{ address: gateway.address, env: 'ledger' }], faults: [[fault]] };
};
