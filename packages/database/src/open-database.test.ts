import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBuilder } from './create-builder.ts';
import { type DatabaseOptions, openDatabase, type QueryEvent } from './open-database.ts';
import { toStatement } from './to-statement.ts';

interface Tables {
  things: { name: string; size: number };
}

const migrations = [
  { version: 1, statements: ['create table things (name text primary key, size bigint not null)'] },
];
const schema = { versionTable: 'things_schema', migrations };

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const optionsFor = (folder: string, url: string | null): DatabaseOptions => ({
  url,
  file: join(folder, 'things.sqlite'),
  schemas: { sqlite: schema, postgres: schema },
  applicationName: 'test',
});

describe.each(['sqlite', 'postgres'] as const)('a database of %s', (dialect) => {
  const db = createBuilder<Tables>(dialect);
  const insert = (name: string) => toStatement(db.insertInto('things').values({ name, size: 2 ** 40 }));
  const select = toStatement(db.selectFrom('things').select(['name', 'size']).orderBy('name'));
  const url = (): string | null => (dialect === 'postgres' ? postgres.url : null);

  test('runs what is written for its dialect, and tells how each call went', async () => {
    await using folder = await temporaryFolder();
    const events: QueryEvent[] = [];
    await using database = await openDatabase({
      ...optionsFor(folder.path, url()),
      onQuery: (event) => {
        events.push(event);
        throw new Error('a fault of the listener');
      },
    });
    expect(database.dialect).toBe(dialect);
    await database.run({ table: 'things', operation: 'insert' }, () => [insert('a'), insert('b')]);
    const twice = database.run({ table: 'things', operation: 'insert' }, () => [insert('c'), insert('a')]);
    await expect(twice).rejects.toMatchObject({ code: 'failed' });
    const [rows] = await database.run({ table: 'things', operation: 'select' }, () => [select]);
    expect(rows).toEqual([
      { name: 'a', size: 2 ** 40 },
      { name: 'b', size: 2 ** 40 },
    ]);
    expect(events.map(({ table, operation, error }) => [table, operation, error])).toEqual([
      ['things', 'insert', null],
      ['things', 'insert', 'failed'],
      ['things', 'select', null],
    ]);
    expect(events.every(({ seconds }) => seconds > 0)).toBe(true);
    expect(database.connections()).toMatchObject({ size: 1, active: 0, waiting: 0 });
  });
});

test('a file is copied while it is written, with all that was there by then, and never over another', async () => {
  await using folder = await temporaryFolder();
  const db = createBuilder<Tables>('sqlite');
  const insert = (name: string) => [toStatement(db.insertInto('things').values({ name, size: 1 }))];
  const select = toStatement(db.selectFrom('things').select('name').orderBy('name'));
  const copy = join(folder.path, 'copies', 'things.sqlite');
  {
    await using database = await openDatabase(optionsFor(folder.path, null));
    await database.run({ table: 'things', operation: 'insert' }, () => insert('before'));
    const copying = database.backup?.(copy);
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        database.run({ table: 'things', operation: 'insert' }, () => insert(`while ${index}`)),
      ),
    );
    await copying;
    await expect(database.backup?.(copy)).rejects.toMatchObject({ code: 'failed' });
    await database.run({ table: 'things', operation: 'insert' }, () => insert('after'));
  }
  expect(await readdir(join(folder.path, 'copies'))).toEqual(['things.sqlite']);
  expect((await stat(copy)).mode & 0o777).toBe(0o600);
  await using restored = await openDatabase({ ...optionsFor(folder.path, null), file: copy });
  const [rows = []] = await restored.run({ table: 'things', operation: 'select' }, () => [select]);
  expect(rows.map(({ name }) => name)).toContain('before');
  expect(rows.map(({ name }) => name)).not.toContain('after');
});

test('a shared file is written by two that have it open; one that is not shared lets no other in', async () => {
  await using folder = await temporaryFolder();
  const options = { ...optionsFor(folder.path, null), busyTimeoutMs: 100 };
  const db = createBuilder<Tables>('sqlite');
  const insert = (name: string) => [toStatement(db.insertInto('things').values({ name, size: 1 }))];
  {
    await using first = await openDatabase({ ...options, isShared: true });
    await using second = await openDatabase({ ...options, isShared: true });
    await first.run({ table: 'things', operation: 'insert' }, () => insert('a'));
    await second.run({ table: 'things', operation: 'insert' }, () => insert('b'));
  }
  await using _alone = await openDatabase(options);
  await expect(openDatabase({ ...options, isShared: true })).rejects.toMatchObject({ code: 'locked' });
});
