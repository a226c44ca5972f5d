import { createBuilder } from '@gatewayz/database';
import { temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import type { Tables } from '../store/tables.ts';
import { expireReservations, grantStatements } from './grant-statements.ts';
import { charge, NOW_MS, openLedger, reservation } from './ledger-stage.ts';
import { reserveStatements } from './reserve-statements.ts';
import { settleStatements } from './settle-statements.ts';

const db = createBuilder<Tables>('sqlite');
const grant = { id: 'g', userId: 'ann', kind: 'grant', amountMicro: 1, atMs: NOW_MS } as const;
const change = { requestId: 'r', userId: 'ann', amountMicro: 0, expiresAtMs: NOW_MS };
const { reserve, whyNot } = reserveStatements('sqlite');

// What goes through a whole table costs the more the longer the gateway has run: no test of a few rows would see it.
test.each([
  ['charging', settleStatements('sqlite')([charge('r')], [change], 'batch')],
  ['reserving', reserve([reservation('r')], 'batch', NOW_MS).statements],
  ['asking why not', whyNot([reservation('r')])],
  ['granting', grantStatements(db, 'sqlite', grant, 'batch')],
  ['expiring', expireReservations(db, 'sqlite', NOW_MS)],
])('%s goes through no table as a whole', async (_, statements) => {
  await using folder = await temporaryFolder();
  await using stage = await openLedger(null, folder.path);
  for (const { sql } of statements) {
    const plans = await stage.database.run({ table: 'test', operation: 'test' }, () => [
      { sql: `explain query plan ${sql}`, parameters: [] },
    ]);
    const steps = (plans[0] ?? []).map(({ detail }) => String(detail));
    expect(steps.filter((step) => /^SCAN (ledger|users|api_keys|reservations)\b/.test(step))).toEqual([]);
  }
});
