import type { RunningPostgres } from '@gatewayz/testkit';
import { freePort, startPostgres } from '@gatewayz/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgresEngine } from './postgres-engine.ts';
import type { Migration, SqlEngine, SqlStatement } from './sql-engine.ts';

const versionTable = 'things_schema';
const migrations: readonly Migration[] = [
  { version: 1, statements: ['create table things (id bigint primary key, size bigint not null)'] },
];

let postgres: RunningPostgres;
let databases = 0;
let url: string;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(() => postgres.stop());

async function createDatabase(): Promise<void> {
  const client = new Client(postgres.url);
  await client.connect();
  const name = `engine_${databases++}`;
  await client.query(`create database ${name}`);
  await client.end();
  url = postgres.url.replace(/\/postgres$/, `/${name}`);
}

const open = (options: Partial<Parameters<typeof openPostgresEngine>[0]> = {}): Promise<SqlEngine> =>
  openPostgresEngine({ url, applicationName: 'test', schema: { versionTable, migrations }, ...options });

const insert = (id: number, size: number | null = 0): SqlStatement => ({
  sql: 'insert into things values ($1, $2)',
  parameters: [id, size],
});

const wait = (seconds: number): SqlStatement => ({ sql: 'select pg_sleep($1)', parameters: [seconds] });

async function ids(engine: SqlEngine): Promise<readonly unknown[]> {
  const [rows] = await engine.run([{ sql: 'select id from things order by id', parameters: [] }]);
  return rows?.map(({ id }) => id) ?? [];
}

test('replicas may migrate at once', async () => {
  await createDatabase();
  const engines = await Promise.all(Array.from({ length: 6 }, () => open()));
  await Promise.all(engines.map((engine, id) => engine.run([insert(id)])));
  expect(await ids(engines[0] as SqlEngine)).toEqual([0, 1, 2, 3, 4, 5]);
  await Promise.all(engines.map((engine) => engine.close()));
  const second: Migration = { version: 2, statements: ['alter table things add column colour text'] };
  const broken: Migration = { version: 3, statements: ['create table more (a int)', 'no sql'] };
  await expect(
    open({ schema: { versionTable, migrations: [...migrations, second, broken] } }),
  ).rejects.toMatchObject({
    code: 'failed',
  });
  await (await open({ schema: { versionTable, migrations: [...migrations, second] } })).close();
  await expect(open()).rejects.toMatchObject({ code: 'newer_schema' });
});

test('of a list of statements all have an effect or none, and the connection lives on', async () => {
  await createDatabase();
  const engine = await open({ maxConnections: 1 });
  await engine.run([insert(1)]);
  await expect(engine.run([insert(2), insert(1)])).rejects.toMatchObject({ code: 'failed' });
  await engine.run([insert(4), insert(5)]);
  expect(await ids(engine)).toEqual([1, 4, 5]);
  await engine.close();
});

test("values that do not fit a statement are refused as the caller's, and the connection lives on", async () => {
  await createDatabase();
  const engine = await open({ maxConnections: 1 });
  const connection = (): ReturnType<SqlEngine['run']> =>
    engine.run([{ sql: 'select pg_backend_pid()', parameters: [] }]);
  const first = await connection();
  const none: SqlStatement = { ...insert(1), parameters: [] };
  const one: SqlStatement = { ...insert(1), parameters: [1] };
  for (const statements of [[none], [one], [insert(2), one], [insert(2), { ...none, rows: '[[3,0],[4]]' }]]) {
    await expect(engine.run(statements)).rejects.toMatchObject({ code: 'invalid' });
  }
  expect(await connection()).toEqual(first);
  expect(await ids(engine)).toEqual([]);
  await engine.close();
});

test('transactions that lock each other out are run again', async () => {
  await createDatabase();
  const engine = await open();
  await engine.run([insert(1), insert(2)]);
  const add = (id: number): SqlStatement => ({
    sql: 'update things set size = size + 1 where id = $1',
    parameters: [id],
  });
  await Promise.all([engine.run([add(1), wait(0.2), add(2)]), engine.run([add(2), wait(0.2), add(1)])]);
  const [rows] = await engine.run([{ sql: 'select size from things', parameters: [] }]);
  expect(rows).toEqual([{ size: 2 }, { size: 2 }]);
  await engine.close();
});

test('a statement that takes too long is ended, and more than may wait is refused', async () => {
  await createDatabase();
  const engine = await open({ statementTimeoutMs: 200, maxCalls: 1 });
  const slow = engine.run([wait(30)]);
  await expect(engine.run([insert(1)])).rejects.toMatchObject({ code: 'queue_full' });
  await expect(slow).rejects.toMatchObject({ code: 'timeout' });
  expect(await ids(engine)).toEqual([]);
  await engine.close();
});

test('a server that hangs costs no longer than the timeouts, and is used again when it answers', async () => {
  await createDatabase();
  const engine = await open({ statementTimeoutMs: 100, connectTimeoutMs: 200, maxConnections: 1 });
  await engine.run([insert(1)]);
  const connection = (): ReturnType<SqlEngine['run']> =>
    engine.run([{ sql: 'select pg_backend_pid()', parameters: [] }]);
  const first = await connection();
  postgres.pause();
  await expect(engine.run([insert(2)])).rejects.toMatchObject({ code: 'timeout' });
  await expect(engine.run([insert(3)])).rejects.toMatchObject({ code: 'timeout' });
  postgres.resume();
  await engine.run([insert(4)]);
  expect(await connection()).not.toEqual(first);
  expect(await ids(engine)).toEqual(expect.arrayContaining([1, 4]));
  await engine.close();
});

test('a restart cuts the connections and is survived', async () => {
  await createDatabase();
  const lost: Error[] = [];
  const engine = await open({ onConnectionLost: (error) => lost.push(error) });
  const underWay = engine.run([insert(1), wait(30)]).catch((error: unknown) => error);
  await engine.run([insert(2)]);
  await postgres.restart();
  expect(await underWay).toMatchObject({ code: 'unavailable' });
  expect(lost.length).toBeGreaterThan(0);
  expect(await ids(engine)).toEqual([2]);
  await engine.close();
});

test('a server that is not there is said to be unavailable', async () => {
  const nobody = `postgres://gatewayz@127.0.0.1:${await freePort()}/postgres`;
  await expect(open({ url: nobody })).rejects.toMatchObject({ code: 'unavailable' });
});
