import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('what the README says that appears does appear', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const shown = /```text\n(.*?)\n```/s.exec(readme)?.[1]?.split('\n') ?? [];
  const ask = `
    const { port } = app.server.address();
    await (await fetch('http://127.0.0.1:' + port + '/things/1')).text();
    const scrape = async () => (await fetch('http://127.0.0.1:' + port + '/metrics')).text();
    let text = await scrape();
    while (!text.includes('status_code="200"')) text = await scrape();
    console.log(text);
    await app.close();`;
  expect(code).toContain('port: 3000');
  const printed = execFileSync(
    process.execPath,
    ['--input-type=module-typescript', '--eval', code.replace('port: 3000', 'port: 0') + ask],
    { cwd: new URL('..', import.meta.url), encoding: 'utf8', timeout: 20_000 },
  ).split('\n');
  expect(shown.length).toBeGreaterThan(3);
  expect(shown.filter((line) => !printed.includes(line))).toEqual([]);
});
