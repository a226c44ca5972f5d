import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)];

describe('the README', () => {
  it('shows the output of every piece of code', () => {
    expect(examples.length).toBeGreaterThan(0);
    expect(examples).toHaveLength(readme.split('```ts\n').length - 1);
  });

  it.each(examples.map(([, code = '', output = '']) => ({ code, output })))(
    'prints what it says: $code',
    ({ code, output }) => {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module-typescript', '--eval', code],
        {
          cwd: folder,
          encoding: 'utf8',
        },
      );
      expect(stderr).toBe('');
      expect(stdout.trimEnd()).toBe(output.trimEnd());
    },
  );
});
