import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { createFolder } from './create-folder.ts';

test('a folder is made with those above it, for its owner alone, and may be there already', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'a', 'b', 'c');
  createFolder(path);
  createFolder(path);
  for (const made of [path, join(folder.path, 'a')]) {
    expect(statSync(made).isDirectory()).toBe(true);
    expect(statSync(made).mode & 0o777).toBe(0o700);
  }
});

test.runIf(process.platform === 'linux')('a folder in /proc is refused, and the attempt ends', () => {
  expect(() => createFolder('/proc/nope/deeper')).toThrow(/ENOENT|EACCES|EPERM/);
});

test('a folder below a file, or in the place of a link to nowhere, is refused', async () => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, 'file'), '');
  symlinkSync(join(folder.path, 'nowhere'), join(folder.path, 'link'));
  expect(() => createFolder(join(folder.path, 'file', 'a'))).toThrow('ENOTDIR');
  expect(() => createFolder(join(folder.path, 'link'))).toThrow('ENOENT');
});
