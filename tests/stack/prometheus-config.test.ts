import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../command.ts';
import { OBSERVABILITY, readYaml } from './rule-files.ts';
import { replacePlaces } from './shorten.ts';

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
  await cp(join(OBSERVABILITY, 'prometheus'), folder.path, { recursive: true });
  await folder.write('metrics_token', 'token');
});
afterEach(() => folder.dispose());

async function check(
  change: (text: string) => string = (text) => text,
): Promise<readonly [number | null, string]> {
  const file = join(folder.path, 'prometheus.yml');
  const places = { '/run/secrets/metrics_token': join(folder.path, 'metrics_token') };
  await writeFile(file, change(replacePlaces(await readFile(file, 'utf8'), places)));
  const { code, stdout, stderr } = await runCommand('promtool', ['check', 'config', file], '');
  return [code, `${stdout}${stderr}`];
}

/** Takes the marks off the block that is off by default. */
const withLongTermStore = (text: string): string => text.replace(/^#(remote_write:| {2}.*)$/gm, '$1');

test('promtool accepts the configuration with its rules and targets', async () => {
  const [code, output] = await check();
  expect([code, output]).toEqual([0, expect.stringContaining('rule files found')]);
});

test('promtool accepts it with a long-term store', async () => {
  const text = await readFile(join(folder.path, 'prometheus.yml'), 'utf8');
  const config = parse(withLongTermStore(text)) as { remote_write: readonly { url: string }[] };
  expect(config.remote_write.map(({ url }) => url)).toEqual(['http://mimir:9009/api/v1/push']);
  expect(parse(text)).not.toHaveProperty('remote_write');
  const [code, output] = await check(withLongTermStore);
  expect([code, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
});

test('promtool is able to refuse', async () => {
  const [code] = await check((text) => text.replace('scrape_interval: 15s', 'scrape_interval: often'));
  expect(code).not.toBe(0);
});

interface Config {
  readonly global: Readonly<Record<string, string>>;
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly authorization?: object;
    readonly scrape_interval?: string;
  }[];
}

test('gateways are scraped every 15 s with the token, by the job names that dashboards know', () => {
  const { global, scrape_configs } = readYaml('observability/prometheus/prometheus.yml') as Config;
  expect(global.scrape_interval).toBe('15s');
  expect(scrape_configs.map(({ job_name }) => job_name)).toEqual([
    'gatewayz_production',
    'gatewayz_staging',
    'health_service',
    'tempo',
    'prometheus',
  ]);
  const gateways = scrape_configs.filter(({ job_name }) => job_name.startsWith('gatewayz_'));
  for (const { authorization, scrape_interval } of gateways) {
    expect(authorization).toEqual({ credentials_file: '/run/secrets/metrics_token' });
    expect(scrape_interval).toBeUndefined();
  }
});

test.each(['production', 'health-service'])('the targets of %s have the label env', (name) => {
  const targets = readYaml(`observability/prometheus/targets/${name}.yml`) as readonly {
    readonly labels: Readonly<Record<string, string>>;
  }[];
  expect(targets.map(({ labels }) => labels.env)).toEqual(['production']);
});
