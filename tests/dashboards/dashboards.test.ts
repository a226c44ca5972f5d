import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  findMetric,
  HISTOGRAMS_WITH_EXEMPLARS,
  sections,
} from '../../scripts/dashboards/catalogue/metric-catalogue.ts';
import { DASHBOARD_FOLDER } from '../../scripts/dashboards/dashboard-files.ts';
import { runCommand } from '../command.ts';
import { COMPATIBILITY_PAGE, toCompatibilityPage } from './compatibility-page.ts';
import { type DashboardStage, startDashboardStage } from './dashboard-stage.ts';
import { DASHBOARDS_PAGE, toDashboardsPage, withoutAnswers } from './dashboards-page.ts';
import { type Observation, observe, readDashboards } from './observe.ts';
import { countPanels, OBSERVABILITY_PAGE, toCountsTable, withCounts } from './panel-counts.ts';
import { RIGHTLY_EMPTY } from './rightly-empty.ts';
import { runQuery, withVariables } from './run-queries.ts';

let stage: DashboardStage;
let observation: Observation;

beforeAll(async () => {
  stage = await startDashboardStage();
  observation = await observe(stage);
  console.log(toCountsTable(countPanels(observation)));
}, 120_000);

afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

const readPage = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const catalogue = sections.flatMap(([, metrics]) => metrics);

describe('every query of a dashboard answers, or is empty for a reason that is written down', () => {
  test.each(readDashboards().map(([file]) => file.replace('.json', '')))('%s', (dashboard) => {
    const silent = observation.queries
      .filter((observed) => observed.dashboard === dashboard)
      .filter(({ series, emptiness }) => series?.length === 0 && emptiness === null)
      .map(({ query }) => `${query.place}: ${query.text}`);
    expect(silent).toEqual([]);
  });
});

test('every metric of the catalogue is in the scrape, or on the list of those that wait for something', () => {
  const missing = catalogue
    .map(({ name }) => name)
    .filter((name) => !observation.labels.has(name) && !(name in RIGHTLY_EMPTY));
  expect(missing).toEqual([]);
});

test('what is on that list is a metric that has no series: an entry cannot stay once there is data', () => {
  const listed = Object.keys(RIGHTLY_EMPTY);
  const isKnown = (name: string): boolean =>
    findMetric(name) !== null || findMetric(`${name}_bucket`) !== null;
  expect(listed.filter((name) => !isKnown(name))).toEqual([]);
  expect(listed.filter((name) => observation.labels.has(name))).toEqual([]);
});

test('the labels of the scrape are those of the catalogue, and it has no metric that the catalogue lacks', () => {
  const definitions = new Map(catalogue.map((definition) => [definition.name, definition]));
  const isOfPrometheus = (name: string): boolean => name === 'up' || name.startsWith('scrape_');
  for (const [name, labels] of observation.labels) {
    if (isOfPrometheus(name)) continue;
    expect([name, [...labels].sort()]).toEqual([name, [...(definitions.get(name)?.labels ?? ['?'])].sort()]);
  }
});

test('every choice of a variable offers something', async () => {
  const variables = readDashboards().flatMap(([, { templating }]) => templating?.list ?? []);
  const queries = new Set(
    variables.flatMap(({ query, datasource }) =>
      typeof query === 'string' && datasource?.type === 'prometheus' ? [query] : [],
    ),
  );
  expect(queries.size).toBeGreaterThan(2);
  for (const query of queries) {
    const [, metric = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
    expect([
      query,
      await stage.prometheus.query(`group by (${label}) (${withVariables(metric)})`),
    ]).not.toEqual([query, []]);
  }
});

test('single requests can be followed from exactly the histograms that the panels ask for exemplars', async () => {
  const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
  const text = await (await fetch(`${stage.gateway.url}/metrics`, { headers })).text();
  const found = [...text.matchAll(/^(\w+)_bucket\{.*# \{.*trace_id="[0-9a-f]{32}"/gm)].map(
    ([, name]) => name,
  );
  expect([...new Set(found)].sort()).toEqual([...HISTOGRAMS_WITH_EXEMPLARS].sort());
});

test('check-dashboards finds in our own what stands here: nothing is invalid, and unknown only what is awaited', async () => {
  const files = readDashboards().map(([file]) => join(repositoryRoot, DASHBOARD_FOLDER, file));
  const script = join(repositoryRoot, 'scripts/check-dashboards.ts');
  const args = [script, '--json', '--prometheus', stage.prometheus.url, ...files];
  const { stdout } = await runCommand(process.execPath, args, '');
  const report = JSON.parse(stdout) as {
    summary: Readonly<Record<string, number>>;
    files: readonly { queries: readonly { status: string; detail: string }[] }[];
  };
  expect(report.summary).toMatchObject({ invalid: 0, unresolved: 0 });
  const unknown = report.files
    .flatMap(({ queries }) => queries)
    .filter(({ status }) => status === 'unknown metric')
    .flatMap(({ detail }) => detail.split(', '))
    .map((name) => findMetric(name)?.definition.name ?? name);
  expect(unknown.filter((name) => !(name in RIGHTLY_EMPTY))).toEqual([]);
});

test('a query that answers nothing would be noticed', async () => {
  const query = {
    ...readQuery(),
    text: 'sum(rate(fastapi_requests_total{path="/no/such/path"}[$__rate_interval]))',
  };
  expect(await runQuery(stage.prometheus, query, { from: stage.since, to: Date.now() / 1000 })).toEqual([]);
});

function readQuery(): Observation['queries'][number]['query'] {
  const [first] = observation.queries;
  if (first === undefined) throw new Error('no query');
  return first.query;
}

const REMEDY = 'run `node tests/dashboards/write-observed-pages.ts`';

test('the page of the dashboards shows their queries, and which of them answer', () => {
  const page = withoutAnswers(readPage(DASHBOARDS_PAGE));
  expect(page, REMEDY).toBe(withoutAnswers(toDashboardsPage(observation)));
});

test('the page of the stack shows how many panels there are, and how many of their queries answer', () => {
  const page = readPage(OBSERVABILITY_PAGE);
  expect(page, REMEDY).toBe(withCounts(page, countPanels(observation)));
});

test('the page of compatibility lists every metric with its labels and whether the scrape has it', () => {
  expect(readPage(COMPATIBILITY_PAGE), REMEDY).toBe(toCompatibilityPage(observation));
});
