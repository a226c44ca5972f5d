import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TemporaryFolder } from '@gatewayz/testkit';
import { temporaryFolder } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Migration, SqlEngine, SqlStatement } from './sql-engine.ts';
import { openSqliteEngine } from './sqlite-engine.ts';

const versionTable = 'things_schema';
const migrations: readonly Migration[] = [
  { version: 1, statements: ['create table things (id integer primary key, size text not null)'] },
];

let folder: TemporaryFolder;
let file: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder.path, 'data', 'things.sqlite');
});

afterEach(() => folder.dispose());

const open = (options: Partial<Parameters<typeof openSqliteEngine>[0]> = {}): Promise<SqlEngine> =>
  openSqliteEngine({ file, schema: { versionTable, migrations }, ...options });

const insert = (id: number, size: string | null = ''): SqlStatement => ({
  sql: 'insert into things values (?, ?)',
  parameters: [id, size],
});

async function ids(engine: SqlEngine): Promise<readonly unknown[]> {
  const [rows] = await engine.run([{ sql: 'select id from things order by id', parameters: [] }]);
  return rows?.map(({ id }) => id) ?? [];
}

test('the file and its folder are for their owner alone', async () => {
  const engine = await open();
  await engine.run([insert(1)]);
  expect(statSync(join(folder.path, 'data')).mode & 0o777).toBe(0o700);
  const names = readdirSync(join(folder.path, 'data'));
  expect(names).toEqual(['things.sqlite', 'things.sqlite-wal']);
  for (const name of names) expect(statSync(join(folder.path, 'data', name)).mode & 0o777).toBe(0o600);
  await engine.close();
});

test('commits are synced to a write-ahead log', async () => {
  const engine = await open();
  const pragma = async (name: string): Promise<unknown> =>
    Object.values((await engine.run([{ sql: `pragma ${name}`, parameters: [] }]))[0]?.[0] ?? {})[0];
  expect(await pragma('journal_mode')).toBe('wal');
  expect(await pragma('synchronous')).toBe(2);
  await engine.close();
});

test('of a list of statements all have an effect or none, whatever else is in its group', async () => {
  const engine = await open();
  const results = await Promise.allSettled([
    engine.run([insert(1)]),
    engine.run([insert(2), insert(1)]),
    engine.run([insert(3), { sql: 'no sql', parameters: [] }]),
    engine.run([insert(4), insert(5)]),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(await ids(engine)).toEqual([1, 4, 5]);
  await engine.close();
});

test('a second opener waits, and fails when the first does not let go', async () => {
  const first = await open();
  await expect(open({ busyTimeoutMs: 50 })).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining('another process has it open'),
  });
  const second = open({ busyTimeoutMs: 20_000 });
  await first.run([insert(1)]);
  await first.close();
  const engine = await second;
  expect(await ids(engine)).toEqual([1]);
  await engine.close();
});

test('a file that is no database is refused and left as it is', async () => {
  await (await open()).close();
  const content = 'the only copy of a novel'.repeat(1000);
  writeFileSync(file, content);
  await expect(open()).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining(file) });
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test.each(['torn at its end', 'overwritten in its middle'])(
  'a file %s is refused and left as it is',
  async (damage) => {
    const engine = await open();
    for (let id = 0; id < 50; id++) await engine.run([insert(id, 'x'.repeat(2000))]);
    await engine.close();
    if (damage === 'torn at its end') truncateSync(file, statSync(file).size - 3 * 4096);
    else {
      const descriptor = openSync(file, 'r+');
      writeSync(descriptor, Buffer.alloc(8192, 0xab), 0, 8192, 3 * 4096);
      closeSync(descriptor);
    }
    const content = readFileSync(file);
    await expect(open()).rejects.toMatchObject({ code: 'corrupt' });
    expect(readFileSync(file).equals(content)).toBe(true);
  },
);

test('a full disk fails what is written, keeps what was, and is over when there is room again', async () => {
  const engine = await open();
  await engine.run([insert(1)]);
  const limitPages = (pages: number): Promise<unknown> =>
    engine.run([{ sql: `pragma max_page_count = ${pages}`, parameters: [] }]);
  await limitPages(20);
  const large = 'x'.repeat(200_000);
  const results = await Promise.allSettled([engine.run([insert(2)]), engine.run([insert(3, large)])]);
  expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'full' } });
  const kept = results[0]?.status === 'fulfilled' ? [1, 2] : [1];
  expect(await ids(engine)).toEqual(kept);
  await limitPages(1000);
  await engine.run([insert(4, large)]);
  expect(await ids(engine)).toEqual([...kept, 4]);
  await engine.close();
});

test('migrations are applied once, in order, and a newer schema is refused', async () => {
  const second: Migration = { version: 2, statements: ['alter table things add column colour text'] };
  const broken: Migration = { version: 3, statements: ['create table more (a)', 'no sql'] };
  await (await open()).close();
  await expect(
    open({ schema: { versionTable, migrations: [...migrations, second, broken] } }),
  ).rejects.toMatchObject({
    code: 'failed',
  });
  const engine = await open({ schema: { versionTable, migrations: [...migrations, second] } });
  await engine.run([
    { sql: 'insert into things (id, size, colour) values (1, ?, ?)', parameters: ['', 'red'] },
  ]);
  await engine.close();
  await expect(open()).rejects.toMatchObject({ code: 'newer_schema' });
});

test('more than may wait is refused loudly, and nothing of it is written', async () => {
  const engine = await open({ maxCalls: 3 });
  const results = await Promise.allSettled([1, 2, 3, 4].map((id) => engine.run([insert(id)])));
  expect(results[3]).toMatchObject({ status: 'rejected', reason: { code: 'queue_full' } });
  expect(await ids(engine)).toEqual([1, 2, 3]);
  await engine.close();
});
