import { spawnSync } from 'node:child_process';
import { startPostgres } from '@gatewayz/testkit';
import type { Cores } from './pinning.ts';

const adminToken = 'bench-admin-token';
/** More than any run can spend. */
const creditMicro = 1_000_000_000_000;

/** What keys and ledger need around a gateway. */
export interface LedgerPlace {
  readonly environment: Readonly<Record<string, string>>;
  /** Makes a user with credit and gives the headers of requests with the user's key. */
  readonly prepare: (port: number) => Promise<Readonly<Record<string, string>>>;
  readonly close: () => Promise<void>;
}

/** Keys and ledger in the gateway's own SQLite file. */
export function sqliteLedger(): LedgerPlace {
  return { environment: { ADMIN_TOKEN: adminToken }, prepare: createKey, close: async () => {} };
}

/** Keys and ledger in a Postgres of their own, on the given cores. */
export async function postgresLedger(cores: Cores): Promise<LedgerPlace> {
  const postgres = await startPostgres();
  if (cores !== null) spawnSync('taskset', ['-a', '-cp', cores.join(','), String(postgres.process.pid)]);
  return {
    environment: { ADMIN_TOKEN: adminToken, DATABASE_URL: postgres.url },
    prepare: createKey,
    close: () => postgres.stop(),
  };
}

async function createKey(port: number): Promise<Readonly<Record<string, string>>> {
  const ask = async (path: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(`http://127.0.0.1:${port}/admin/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`/admin/${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Readonly<Record<string, unknown>>;
  };
  await ask('users', { id: 'bench' });
  await ask('users/bench/credits', { amount_micro: creditMicro });
  const { token } = await ask('keys', { user_id: 'bench', name: 'bench' });
  return { authorization: `Bearer ${String(token)}` };
}
