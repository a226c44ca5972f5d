import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { RunningPostgres } from './start-postgres.ts';
import { startPostgres } from './start-postgres.ts';

async function ask(postgres: RunningPostgres, sql: string): Promise<string> {
  const psql = join(postgres.programsFolder, 'psql');
  const { stdout } = await promisify(execFile)(psql, [postgres.url, '-X', '-A', '-t', '-c', sql]);
  return stdout.trim();
}

test('a real Postgres answers, keeps its data over a restart, and leaves neither process nor folder', async () => {
  const postgres = await startPostgres({ settings: { max_connections: '7' } });
  const folder = await ask(postgres, 'SHOW data_directory');
  expect(existsSync(folder)).toBe(true);
  expect(await ask(postgres, 'SHOW max_connections')).toBe('7');
  await ask(postgres, 'CREATE TABLE things AS SELECT 5 AS size');
  await postgres.restart();
  expect(await ask(postgres, 'SELECT size FROM things')).toBe('5');

  postgres.pause();
  let isAnswered = false;
  const answer = ask(postgres, 'SELECT 1').finally(() => {
    isAnswered = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(isAnswered).toBe(false);
  postgres.resume();
  expect(await answer).toBe('1');

  postgres.pause();
  await postgres.stop();
  expect(await postgres.process.exit).toEqual({ code: 0, signal: null });
  expect(existsSync(folder)).toBe(false);
});
