import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningPrometheus, repositoryRoot } from '@gatewayz/testkit';
import { findMetric, sections } from '../../scripts/dashboards/catalogue/metric-catalogue.ts';
import { DASHBOARD_FOLDER } from '../../scripts/dashboards/dashboard-files.ts';
import {
  type DashboardJson,
  type PlacedQuery,
  queriesOf,
} from '../../scripts/dashboards/lint/dashboard-json.ts';
import { parsePromql } from '../../scripts/dashboards/promql/parse-promql.ts';
import { selectorsOf } from '../../scripts/dashboards/promql/walk-promql.ts';
import type { DashboardStage } from './dashboard-stage.ts';
import { RIGHTLY_EMPTY } from './rightly-empty.ts';
import { type AnsweredSeries, runQuery, type Span } from './run-queries.ts';

/** Seconds of samples that a rate needs. */
const RATE_SECONDS = 6;
const PATIENCE_MS = 60_000;

/** A query of a dashboard with what Prometheus answered; null where it is not of Prometheus. */
export interface ObservedQuery {
  readonly dashboard: string;
  readonly query: PlacedQuery;
  readonly series: readonly AnsweredSeries[] | null;
  /** Why there is nothing; null where there is something, or nothing says why not. */
  readonly emptiness: string | null;
}

export interface Observation {
  readonly queries: readonly ObservedQuery[];
  /** The labels of each metric that has series, by the metric's name in the catalogue. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The dashboards as they are in the repository, in the order of their files. */
export function readDashboards(): readonly (readonly [file: string, dashboard: DashboardJson])[] {
  const folder = join(repositoryRoot, DASHBOARD_FOLDER);
  return readdirSync(folder)
    .sort()
    .map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as DashboardJson]);
}

function catalogueName(name: string): string {
  return findMetric(name)?.definition.name ?? name;
}

/** Every metric of the catalogue that is not rightly empty; the process says some of its own on some systems only. */
const EXPECTED = sections
  .flatMap(([, metrics]) => metrics.map(({ name }) => name))
  .filter((name) => !(name in RIGHTLY_EMPTY));

async function metricsAt(prometheus: RunningPrometheus, offset: string): Promise<ReadonlySet<string>> {
  const found = await prometheus.query(`count by (__name__) ({__name__=~".+"}${offset})`);
  return new Set(found.map(({ labels }) => catalogueName(labels.__name__ ?? '')));
}

/** Waits until all that is expected has been there for long enough, or for a minute. */
async function waitForSeries(prometheus: RunningPrometheus): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    const there = await metricsAt(prometheus, ` offset ${RATE_SECONDS}s`);
    if (EXPECTED.every((name) => there.has(name))) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The labels that each metric had at any time of the run, but those of the scrape. */
async function readLabels(
  { url }: RunningPrometheus,
  { from, to }: Span,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const times = new URLSearchParams({ 'match[]': '{job=~".+"}', start: String(from), end: String(to) });
  const response = await fetch(`${url}/api/v1/series?${times}`);
  const { data } = (await response.json()) as { data: readonly Readonly<Record<string, string>>[] };
  const labels = new Map<string, Set<string>>();
  for (const { __name__: name = '', job, instance, env, le, ...own } of data) {
    // The health service has a registry of its own beside what the gateway exports.
    if (job === 'health_service') continue;
    const known = labels.get(catalogueName(name)) ?? new Set();
    for (const label of Object.keys(own)) known.add(label);
    labels.set(catalogueName(name), known);
  }
  return labels;
}

/** The reason of the first metric of an expression that is rightly empty. */
function emptinessOf(text: string): string | null {
  const names = selectorsOf(parsePromql(text)).map(({ metric }) => catalogueName(metric ?? ''));
  const empty = names.find((name) => name in RIGHTLY_EMPTY);
  return empty === undefined ? null : (RIGHTLY_EMPTY[empty] ?? null);
}

async function observeQuery(
  { prometheus }: DashboardStage,
  dashboard: string,
  query: PlacedQuery,
  span: Span,
): Promise<ObservedQuery> {
  if (query.language !== 'promql') return { dashboard, query, series: null, emptiness: null };
  const series = await runQuery(prometheus, query, span);
  return { dashboard, query, series, emptiness: series.length > 0 ? null : emptinessOf(query.text) };
}

/** Runs every query of every dashboard against what a stage has shown so far. */
export async function observe(stage: DashboardStage): Promise<Observation> {
  await waitForSeries(stage.prometheus);
  const span = { from: stage.since, to: Date.now() / 1000 };
  const queries: ObservedQuery[] = [];
  for (const [file, dashboard] of readDashboards()) {
    for (const query of queriesOf(dashboard)) {
      queries.push(await observeQuery(stage, file.replace('.json', ''), query, span));
    }
  }
  return { queries, labels: await readLabels(stage.prometheus, span) };
}
