import { readdir, readFile, stat, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { type AccountStage, openAccounts } from './account-stage.ts';
import { openKeyPepper } from './key-pepper.ts';

interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly stage: AccountStage;
  readonly open: (configured?: string) => Promise<Buffer>;
}

async function openPlace(): Promise<Place> {
  const folder = await temporaryFolder();
  const stage = await openAccounts(null, folder.path);
  const open = (configured: string | null = null): Promise<Buffer> =>
    openKeyPepper({ configured, dataFolder: folder.path, database: stage.database });
  return {
    folder: folder.path,
    stage,
    open,
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]();
      await folder.dispose();
    },
  };
}

test('the pepper is made once, for its owner alone, even where several start at once', async () => {
  await using place = await openPlace();
  const made = await Promise.all([place.open(), place.open(), place.open()]);
  expect(new Set(made.map((pepper) => pepper.toString('hex'))).size).toBe(1);
  const file = join(place.folder, 'key-pepper');
  expect(await readFile(file)).toEqual(made[0]);
  expect(made[0]).toHaveLength(32);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await readdir(place.folder)).filter((name) => name.startsWith('key-pepper'))).toEqual([
    'key-pepper',
  ]);
  expect(await place.open()).toEqual(made[0]);
});

test('where it is lost while there are keys, nothing is made in its place', async () => {
  await using place = await openPlace();
  await place.open();
  await place.stage.accounts.users.create({ id: 'ann' });
  const { key } = await place.stage.accounts.keys.create({ userId: 'ann', name: 'laptop' });
  const file = join(place.folder, 'key-pepper');
  await unlink(file);
  await expect(place.open()).rejects.toThrow(/GATEWAYZ_KEY_PEPPER/);
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  await place.stage.accounts.keys.revoke(key.id);
  expect(await place.open()).toHaveLength(32);
});

test('a damaged one is left as it is', async () => {
  await using place = await openPlace();
  await place.open();
  const file = join(place.folder, 'key-pepper');
  await truncate(file, 31);
  await expect(place.open()).rejects.toThrow('expected 32 bytes');
  expect((await stat(file)).size).toBe(31);
});

test('that of the environment comes first, and is not shown where it is too short', async () => {
  await using place = await openPlace();
  expect(await place.open('p'.repeat(32))).toEqual(Buffer.from('p'.repeat(32)));
  const error: unknown = await place.open('short-secret').catch((reason: unknown) => reason);
  expect(String(error)).toContain('at least 32 characters');
  expect(String(error)).not.toContain('short-secret');
});
