import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the code of the README prints what the README says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1];
  const output = /```text\n(.*?)```/s.exec(readme)?.[1];
  if (code === undefined || output === undefined) throw new Error('the README has no code or no output');
  const printed = execFileSync(process.execPath, ['--input-type=module-typescript', '--eval', code], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
  });
  expect(printed).toBe(output);
});
