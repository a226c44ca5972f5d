import { join } from 'node:path';
import { type Database, openDatabase, type SqlSchema } from '@gatewayz/database';
import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Incident } from '../core/types.ts';
import { openHealthStore } from './open-health-store.ts';
import { schemaFor } from './schema.ts';
import { incident } from './store-kinds.ts';

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const SQL = 'insert into incidents (id, provider, status, severity, opened_at_ms, document) values';

function insert({ id, openedAtMs, ...row }: Incident): { sql: string; parameters: string[] } {
  const document = JSON.stringify({ id, openedAtMs, ...row });
  const values = `('${id}', 'groq', '${row.status}', 'high', ${openedAtMs}, '${document}')`;
  return { sql: `${SQL} ${values}`, parameters: [] };
}

test.each(['sqlite', 'postgres'] as const)(
  'incidents that were absorbed before the schema knew of it are found to be so, on %s',
  async (dialect) => {
    await using folder = await temporaryFolder();
    const url = dialect === 'postgres' ? postgres.url : null;
    const first = ({ versionTable, migrations }: SqlSchema): SqlSchema => ({
      versionTable,
      migrations: migrations.slice(0, 1),
    });
    const old: Database = await openDatabase({
      url,
      file: join(folder.path, 'health.sqlite'),
      schemas: { sqlite: first(schemaFor('sqlite')), postgres: first(schemaFor('postgres')) },
      applicationName: 'test',
    });
    const evidence = [
      { atMs: 1, outcome: 'timeout', detail: 'said "absorbedInto":"x"', requestId: null },
    ] as const;
    await old.run({ table: 'incidents', operation: 'upsert' }, () => [
      insert(incident('whole', { openedAtMs: 2, evidence })),
      insert(incident('part', { openedAtMs: 1, evidence: [], absorbedInto: 'whole' })),
    ]);
    await old.close();
    await using store = await openHealthStore({ url, dataFolder: folder.path });
    const ids = async (absorbed: boolean): Promise<readonly string[]> =>
      (await store.incidents({ limit: 9, absorbed })).map(({ id }) => id);
    expect(await ids(false)).toEqual(['whole']);
    expect(await ids(true)).toEqual(['whole', 'part']);
  },
);
