import { createBuilder, type Database, type SqlStatement, toStatement } from '@gatewayz/database';
import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGatewayStore } from './open-gateway-store.ts';
import type { Tables, UserColumns } from './tables.ts';

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

describe.each(['sqlite', 'postgres'] as const)('the gateway store on %s', (dialect) => {
  const db = createBuilder<Tables>(dialect);
  const user = (part: Partial<UserColumns>): SqlStatement =>
    toStatement(
      db.insertInto('users').values({
        id: 'ann',
        name: 'Ann',
        plan_type: 'free',
        created_at_ms: 1,
        disabled_at_ms: null,
        granted_micro: 0,
        charged_micro: 0,
        reserved_micro: 0,
        ...part,
      }),
    );
  const open = (dataFolder: string): Promise<Database> =>
    openGatewayStore({ url: dialect === 'postgres' ? postgres.url : null, dataFolder });

  test('opens with its tables, and again with what was written', async () => {
    await using folder = await temporaryFolder();
    {
      await using store = await open(folder.path);
      await store.run({ table: 'users', operation: 'insert' }, () => [user({ granted_micro: 2 ** 50 })]);
    }
    await using store = await open(folder.path);
    const [rows] = await store.run({ table: 'users', operation: 'select' }, () => [
      toStatement(db.selectFrom('users').select(['id', 'granted_micro'])),
    ]);
    expect(rows).toEqual([{ id: 'ann', granted_micro: 2 ** 50 }]);
  });

  test.each(['granted_micro', 'charged_micro', 'reserved_micro'])(
    'keeps %s from falling below zero',
    async (column) => {
      await using folder = await temporaryFolder();
      await using store = await open(folder.path);
      const below = store.run({ table: 'users', operation: 'insert' }, () => [
        user({ id: 'bob', [column]: -1 }),
      ]);
      await expect(below).rejects.toMatchObject({ code: 'failed' });
    },
  );
});
