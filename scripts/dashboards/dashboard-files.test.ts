import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../run-command.ts';
import { buildDashboards, DASHBOARD_FOLDER, toDashboardText } from './dashboard-files.ts';
import { logqlErrorAt } from './lint/lint-signals.ts';
import { parsePromql } from './promql/parse-promql.ts';
import { selectorsOf } from './promql/walk-promql.ts';
import { toTypeCheck } from './published-types.ts';

const root = join(import.meta.dirname, '../..');
const dashboards = buildDashboards();
const folder = mkdtempSync(join(tmpdir(), 'gatewayz-dashboards-'));
const COMPILER_OPTIONS = {
  noEmit: true,
  strict: true,
  module: 'nodenext',
  target: 'es2024',
  skipLibCheck: true,
  types: [],
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function readDashboard(file: string): Dashboard {
  return JSON.parse(readFileSync(join(root, DASHBOARD_FOLDER, file), 'utf8')) as Dashboard;
}

/** What the compiler says of dashboards against the published types. */
async function typeErrorsOf(all: Iterable<readonly [string, Dashboard]>): Promise<string> {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
  for (const [name, dashboard] of all) writeFileSync(join(folder, `${name}.ts`), toTypeCheck(dashboard));
  const { output } = await runCommand('tsc', ['-p', folder], { cwd: root });
  return output;
}

test('the files are what `npm run dashboards` writes, none is missing, and there are no others', () => {
  expect(readdirSync(join(root, DASHBOARD_FOLDER)).sort()).toEqual([...dashboards.keys()].sort());
  for (const [file, dashboard] of dashboards) {
    expect(readFileSync(join(root, DASHBOARD_FOLDER, file), 'utf8')).toBe(toDashboardText(dashboard));
  }
});

test('every file fits the types that Grafana publishes, and what does not is found', async () => {
  const [first = ''] = dashboards.keys();
  const text = toDashboardText(readDashboard(first));
  const planted = {
    'bad-tooltip': text.replace('"graphTooltip": 1', '"graphTooltip": 7'),
    'bad-legend': text.replace('"displayMode": "list"', '"displayMode": "grid"'),
    'bad-query': text.replace('"format": "time_series"', '"format": "times"'),
    'bad-key': text.replace('"legendFormat"', '"legendFormt"'),
    'bad-field': text.replace('"fillOpacity": 10', '"fillOpacity": "10"'),
  };
  expect(Object.values(planted)).not.toContain(text);
  const errors = await typeErrorsOf([
    ...[...dashboards.keys()].map((file) => [file.replace('.json', ''), readDashboard(file)] as const),
    ...Object.entries(planted).map(([name, broken]) => [name, JSON.parse(broken) as Dashboard] as const),
  ]);
  const files = [...errors.matchAll(/([\w-]+)\.ts\(\d/g)].map(([, name]) => name);
  expect([...new Set(files)].sort()).toEqual(Object.keys(planted).sort());
});

interface Datasource {
  readonly uid: string;
  readonly type: string;
  readonly jsonData: Readonly<Record<string, unknown>>;
}

const provisioning = join(root, 'observability/grafana/provisioning');

function readDatasources(): ReadonlyMap<string, Datasource> {
  const text = readFileSync(join(provisioning, 'datasources/gatewayz.yaml'), 'utf8').replaceAll('$$', '$');
  const { datasources } = parse(text) as { datasources: readonly Datasource[] };
  return new Map(datasources.map((datasource) => [datasource.type, datasource]));
}

function settingsOf<Settings>(type: string): Settings {
  const source = readDatasources().get(type);
  if (source === undefined) throw new Error(`no data source of the type ${type}`);
  return source.jsonData as Settings;
}

test('the data sources lead to each other: exemplar to trace, line to trace, span to lines', () => {
  const sources = readDatasources();
  const tempo = sources.get('tempo')?.uid;
  expect(sources.get('prometheus')?.jsonData).toMatchObject({
    exemplarTraceIdDestinations: [{ name: 'trace_id', datasourceUid: tempo }],
  });
  expect(sources.get('loki')?.jsonData).toMatchObject({ derivedFields: [{ datasourceUid: tempo }] });
  expect(sources.get('tempo')?.jsonData).toMatchObject({
    tracesToLogsV2: { datasourceUid: sources.get('loki')?.uid },
    tracesToMetrics: { datasourceUid: sources.get('prometheus')?.uid },
    serviceMap: { datasourceUid: sources.get('prometheus')?.uid },
  });
});

test('the queries of the data sources can be read', () => {
  const { tracesToLogsV2, tracesToMetrics } = settingsOf<{
    tracesToLogsV2: { query: string };
    tracesToMetrics: { queries: readonly { query: string }[] };
  }>('tempo');
  expect(logqlErrorAt(tracesToLogsV2.query)).toBeNull();
  for (const { query } of tracesToMetrics.queries) {
    const tree = parsePromql(query.replace('$__tags', 'service="gatewayz"'));
    expect(selectorsOf(tree)[0]?.metric).toBe('traces_spanmetrics_calls_total');
  }
});

test.each([
  ['JSON', '{"level":"ERROR","trace_id":"0af7651916cd43dd8448eb211c80319c","message":"x"}'],
  ['logfmt', 'level=ERROR trace_id=0af7651916cd43dd8448eb211c80319c message=x'],
])('the trace id of a line in %s is found', (_, line) => {
  const { derivedFields } = settingsOf<{
    derivedFields: readonly { matcherRegex: string }[];
  }>('loki');
  const found = new RegExp(derivedFields[0]?.matcherRegex ?? '').exec(line);
  expect(found?.[1]).toBe('0af7651916cd43dd8448eb211c80319c');
});

test('Grafana looks for the dashboards where the stack puts them', () => {
  const { providers } = parse(readFileSync(join(provisioning, 'dashboards/gatewayz.yaml'), 'utf8')) as {
    providers: readonly { folder: string; options: { path: string } }[];
  };
  const compose = readFileSync(join(root, 'observability/compose.yaml'), 'utf8');
  expect(providers.map(({ folder: name }) => name)).toEqual(['Gatewayz']);
  expect(compose).toContain(`./grafana/dashboards:${providers[0]?.options.path}:ro`);
});
