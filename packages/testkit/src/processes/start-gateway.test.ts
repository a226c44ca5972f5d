import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { RunningGateway } from './start-gateway.ts';
import { startGateway } from './start-gateway.ts';
import type { TemporaryFolder } from './temporary-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Keeps the interface that the starter relies on, and shows what it was started with. */
const STAND_IN = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const { PORT, HOST, GATEWAYZ_CONFIG, METRICS_TOKEN } = process.env;
const config = GATEWAYZ_CONFIG === undefined ? null : JSON.parse(readFileSync(GATEWAYZ_CONFIG, 'utf8'));
let asked = 0;
createServer((request, response) => {
  if (request.url === '/health/ready') response.statusCode = ++asked > 1 ? 200 : 503;
  if (request.url === '/metrics' && request.headers.authorization !== 'Bearer ' + METRICS_TOKEN) response.statusCode = 401;
  const metrics = '# TYPE asked_total counter\\nasked_total ' + asked + '\\n';
  response.end(request.url === '/metrics' ? metrics : JSON.stringify({ config, env: process.env, args: process.argv.slice(2), cwd: process.cwd() }));
}).listen(Number(PORT), HOST);
`;

interface Shown {
  readonly config: unknown;
  readonly env: Record<string, string>;
  readonly args: readonly string[];
  readonly cwd: string;
}

let folder: TemporaryFolder;
let gateway: RunningGateway;
let shown: Shown;

beforeAll(async () => {
  vi.stubEnv('OPENAI_API_KEY', 'sk-leak');
  folder = await temporaryFolder();
  gateway = await startGateway({
    entry: await folder.write('stand-in.ts', STAND_IN.replace('let asked = 0', 'let asked: number = 0')),
    config: { routing: { strategy: 'priority' } },
    env: { METRICS_TOKEN: 't' },
    args: ['--flag'],
  });
  shown = (await (await fetch(`${gateway.url}/shown`)).json()) as Shown;
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await gateway.stop();
  await folder.dispose();
});

test('the gateway is started ready, with its config, arguments and a clean environment', () => {
  expect(shown.config).toEqual({ healthService: { embedded: false }, routing: { strategy: 'priority' } });
  expect(shown.args).toEqual(['--flag']);
  expect(shown.env).toMatchObject({
    HOST: '127.0.0.1',
    PORT: String(gateway.port),
    GATEWAYZ_DATA_DIR: gateway.dataFolder,
  });
  expect(Object.keys(shown.env).filter((name) => name.endsWith('_API_KEY'))).toEqual([]);
  expect(shown.cwd).not.toBe(process.cwd());
});

test('metrics are scraped with the token and parsed', async () => {
  expect((await gateway.metrics()).value('asked_total')).toBe(2);
});

test('stopping ends the process and removes what it wrote', async () => {
  expect(await gateway.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  expect(gateway.process.hasExited).toBe(true);
  expect(existsSync(shown.cwd)).toBe(false);
});
