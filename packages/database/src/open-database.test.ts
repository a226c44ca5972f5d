import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningPostgres, startPostgres, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBuilder } from './create-builder.ts';
import { type Database, type DatabaseOptions, openDatabase, type QueryEvent } from './open-database.ts';
import type { SqlStatement, SqlValue } from './sql-engine.ts';
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

  describe('given a statement with rows', () => {
    const label = { table: 'numbered', operation: 'insert' };
    const mark = dialect === 'sqlite' ? '?' : '$';
    const create: SqlStatement = {
      sql: 'create table if not exists numbered (batch text, id bigint primary key, size float8, name text)',
      parameters: [],
    };
    const clear: SqlStatement = { sql: 'delete from numbered', parameters: [] };
    const selectAll: SqlStatement = { sql: 'select * from numbered order by id', parameters: [] };
    const insertAll = (rows: string, parameters: readonly SqlValue[] = ['a']): SqlStatement => ({
      sql: `insert into numbered (batch, id, size, name) values (${mark}1, ${mark}2, ${mark}3, ${mark}4)`,
      parameters,
      rows,
    });

    async function openNumbered(folder: string): Promise<Database> {
      const database = await openDatabase({ ...optionsFor(folder, url()), maxConnections: 1 });
      await database.run(label, () => [create, clear]);
      return database;
    }

    test('runs it once for each, the parameters first, and gives no rows', async () => {
      await using folder = await temporaryFolder();
      await using database = await openNumbered(folder.path);
      const largest = Number.MAX_SAFE_INTEGER;
      const rows = JSON.stringify([
        [largest, 0.5, 'it\'s "ü"'],
        [-1, null, null],
      ]);
      const returning = { ...insertAll(rows), sql: `${insertAll(rows).sql} returning id` };
      expect(await database.run(label, () => [returning, selectAll])).toEqual([
        [],
        [
          { batch: 'a', id: -1, size: null, name: null },
          { batch: 'a', id: largest, size: 0.5, name: 'it\'s "ü"' },
        ],
      ]);
      expect(await database.run(label, () => [insertAll('[]')])).toEqual([[]]);
      await database.run(label, () => [insertAll('[["b",3,1,""]]', [])]);
      const [found] = await database.run(label, () => [selectAll]);
      expect(found?.map(({ batch }) => batch)).toEqual(['a', 'b', 'a']);
    });

    test('has the effect of all rows or of none, and goes on', async () => {
      await using folder = await temporaryFolder();
      await using database = await openNumbered(folder.path);
      const twice = database.run(label, () => [insertAll('[[1,0,""],[2,0,""],[1,0,""]]')]);
      await expect(twice).rejects.toMatchObject({ code: 'failed' });
      await database.run(label, () => [insertAll('[[2,0,""]]')]);
      const [found] = await database.run(label, () => [selectAll]);
      expect(found?.map(({ id }) => id)).toEqual([2]);
    });

    test.each([
      ['what is no JSON', '[[3,0,""]'],
      ['what is no list', '{"0":[3,0,""]}'],
      ['a list with more than lists in it', '[[3,0,""],4]'],
      ['a list of objects', '[{"id":3}]'],
      ['a truth value', '[[3,0,true]]'],
      ['a list in a row', '[[3,0,[""]]]'],
      ['an object in a row', '[[{"id":3},0,""]]'],
      ['a value too few in one row', '[[3,0,""],[4,0]]'],
      ['a value too many in one row', '[[3,0,""],[4,0,"",""]]'],
      ['a value too few in all rows', '[[3,0],[4,0]]'],
      ['rows without values', '[[]]'],
      ['a value too many in all rows', '[[3,0,"",""],[4,0,"",""]]'],
    ])('refuses %s as invalid, undoes what was before it, and goes on', async (_, rows) => {
      await using folder = await temporaryFolder();
      await using database = await openNumbered(folder.path);
      const first = insertAll('[[1,0,""]]');
      for (const statements of [[first, insertAll(rows)], [insertAll(rows)]]) {
        const refused = database.run(label, () => statements);
        await expect(refused).rejects.toMatchObject({ name: 'SqlError', code: 'invalid' });
      }
      const [, found] = await database.run(label, () => [first, selectAll]);
      expect(found?.map(({ id }) => id)).toEqual([1]);
    });
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
