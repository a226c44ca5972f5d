import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { healthServiceCatalogue } from '@gatewayz/observability';
import { type RunningPrometheus, repositoryRoot, startPrometheus, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../command.ts';
import { blockOf, type DoctorStage, startDoctorStage } from './doctor-stage.ts';
import { type Server, SHARED_NAMES, startOldExporter, startServer } from './old-exporter.ts';

const guide = readFileSync(join(repositoryRoot, 'docs/migrating-from-the-exporter.md'), 'utf8');

function blocksOf(language: string): readonly string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    (match) => match[1] ?? '',
  );
}

const FILES = ['exporter', 'compared', 'gateway', 'sameJob', 'end'] as const;
type File = (typeof FILES)[number];
/** The file that drops nothing, and that of the comparison with an exporter that says something else. */
type Variant = 'forgotten' | 'differing';

let stage: DoctorStage;
let exporter: Server;
let differing: Server;
let loki: Server;
let running: Readonly<Record<File | Variant, RunningPrometheus>>;

function toRunnable(yaml: string): string {
  return yaml
    .replaceAll('health-exporter:9200', `127.0.0.1:${exporter.port}`)
    .replaceAll('gateway:8000', `127.0.0.1:${stage.gateway.port}`)
    .replace('scrape_interval: 15s', 'scrape_interval: 1s, scrape_timeout: 1s');
}

/** Starts Prometheus with a file, and waits until each of its jobs has been scraped. */
async function startScraping(yaml: string): Promise<RunningPrometheus> {
  const prometheus = await startPrometheus({ config: yaml });
  const jobs = yaml.split('job_name:').length - 1;
  await prometheus.queryUntil(`sum(up) == ${jobs} and on() gatewayz_metrics_series`);
  return prometheus;
}

beforeAll(async () => {
  [stage, exporter, differing, loki] = await Promise.all([
    startDoctorStage(),
    startOldExporter(),
    startOldExporter({
      gatewayz_health_active_incidents: 3,
      'gatewayz_health_status_distribution{status="down"}': 4,
    }),
    startServer((_, response) => void response.end('ready')),
  ]);
  const files = blocksOf('yaml').map(toRunnable);
  const [first = '', compared = ''] = files;
  const all: readonly (readonly [File | Variant, string])[] = [
    ...FILES.map((name, index) => [name, files[index] ?? ''] as const),
    ['forgotten', first.replace(/ {4}metric_relabel_configs:[\s\S]*/, '')],
    ['differing', compared.replace(`:${exporter.port}'`, `:${differing.port}'`)],
  ];
  const started = await Promise.all(
    all.map(async ([name, yaml]) => [name, await startScraping(yaml)] as const),
  );
  running = Object.fromEntries(started) as Record<File | Variant, RunningPrometheus>;
});

afterAll(async () => {
  await Promise.all(Object.values(running ?? {}).map((prometheus) => prometheus.stop()));
  await Promise.all([exporter, differing, loki].map((server) => server?.close()));
  await stage?.close();
});

/** How many jobs and instances each of the names that begin so has, those of polling left out. */
async function sourcesOf(file: File, prefix = ''): Promise<Readonly<Record<string, string>>> {
  const names = SHARED_NAMES.map((name) => prefix + name).join('|');
  const counted = await running[file].query(`count by (__name__, job, instance) ({__name__=~"${names}"})`);
  const sources: Record<string, string> = {};
  for (const { labels } of counted) {
    const { __name__: name = '', job, instance } = labels;
    const source = `${job} at ${instance === `127.0.0.1:${exporter.port}` ? 'exporter' : 'gateway'}`;
    sources[name] = name in sources ? `${sources[name]} and ${source}` : source;
  }
  return sources;
}

function allFrom(source: string, prefix = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(SHARED_NAMES.map((name) => [prefix + name, source]));
}

test('the table has the shared names, each with its type and labels', () => {
  const rows = [...guide.matchAll(/^\| `(\w+)` \| (\w+) \| (\S*?) ?\| /gm)].map(([, name, type, labels]) => ({
    name,
    type,
    labels: labels === '' ? [] : [labels?.replaceAll('`', '')],
  }));
  const shared = healthServiceCatalogue.filter(({ name }) => SHARED_NAMES.includes(name));
  expect(rows).toEqual(shared.map(({ name, type, labels }) => ({ name, type, labels })));
  expect(rows).toHaveLength(17);
});

test('every file has its test, and promtool has nothing against any', async () => {
  const yaml = blocksOf('yaml');
  expect(yaml).toHaveLength(FILES.length);
  await using folder = await temporaryFolder();
  for (const text of [...yaml, ...yaml.map(toRunnable)]) {
    const file = await folder.write('prometheus.yml', text);
    const { code, stderr } = await runCommand('promtool', ['check', 'config', file], '');
    expect([code, stderr]).toEqual([0, '']);
  }
});

describe('what Prometheus stores', () => {
  test.each<[File, string]>([
    ['exporter', 'health-exporter at exporter'],
    ['compared', 'health-exporter at exporter'],
    ['gateway', 'gateway at gateway'],
    ['sameJob', 'health-exporter at gateway'],
    ['end', 'gateway at gateway'],
  ])('with the file %s has each shared name from %s alone', async (file, source) => {
    expect(await sourcesOf(file)).toEqual(allFrom(source));
  });

  test.each(FILES)('with the file %s has the rest of the gateway under its own job', async (file) => {
    for (const name of ['fastapi_app_info', 'gatewayz_health_data_age_seconds{endpoint="/health"}']) {
      const results = await running[file].query(name);
      expect(results.map(({ labels }) => labels.job)).toEqual(['gateway']);
    }
  });

  test('has the numbers of the gateway under other names while they are compared', async () => {
    expect(await sourcesOf('compared', 'new_')).toEqual(allFrom('gateway at gateway', 'new_'));
  });
});

test('the comparison shows nothing where both agree, and what is different where they do not', async () => {
  const [comparison = ''] = blocksOf('promql');
  expect(await running.compared.query(comparison)).toEqual([]);
  const results = await running.differing.query(comparison);
  expect(results).toEqual([
    { labels: {}, value: 3 },
    { labels: { status: 'down' }, value: 4 },
  ]);
});

/** The doctor's report with the ports and ages that the guide shows. */
async function reportOn(prometheusUrl: string): Promise<{ readonly code: number | null; report: string }> {
  const { code, stdout } = await stage.diagnose({ PROMETHEUS_URL: prometheusUrl, LOKI_URL: loki.url });
  const report = stdout
    .replaceAll(String(stage.gateway.port), '8000')
    .replaceAll(String(stage.healthService.port), '8001')
    .replaceAll(String(loki.port), '3100')
    .replaceAll(String(exporter.port), '9200')
    .replace(/poll was \d+ s/, 'poll was 12 s')
    .replace(/newest is \d+ s/, 'newest is 7 s');
  return { code, report };
}

describe('what the doctor says in the guide', () => {
  const [alone = '', end = '', forgotten = ''] = blocksOf('text');

  test('is what it says while the exporter alone has the names', async () => {
    const { code, report } = await reportOn(running.exporter.url);
    expect([code, `${blockOf(report, 'duplicates')}\n`]).toEqual([0, alone]);
  });

  test('is what it says at the end', async () => {
    expect(await reportOn(running.end.url)).toEqual({ code: 0, report: end });
  });

  test.each<File>(['compared', 'gateway', 'sameJob'])('is no failure with the file %s', async (file) => {
    const { code, report } = await reportOn(running[file].url);
    expect([code, report]).toEqual([0, expect.stringMatching(/^10 checks: .*, 1 skipped$/m)]);
  });

  test('is what it says where the exporter was forgotten', async () => {
    const { code, report } = await reportOn(running.forgotten.url);
    expect([code, `${blockOf(report, 'duplicates')}\n`]).toEqual([1, forgotten]);
  });
});
