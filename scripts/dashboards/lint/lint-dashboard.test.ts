import { describe, expect, test } from 'vitest';
import { buildDashboards } from '../dashboard-files.ts';
import type { DashboardJson, PanelJson } from './dashboard-json.ts';
import { lintDashboard } from './lint-dashboard.ts';
import { logqlErrorAt, traceqlErrorAt } from './lint-signals.ts';

type Loose = Record<string, unknown>;

const asJson = (name: string): DashboardJson =>
  JSON.parse(JSON.stringify(buildDashboards().get(`${name}.json`))) as DashboardJson;
const overview = asJson('overview');
const place = 'Requests by route';

/** The overview with one of its panels changed. */
function withPanel(change: (panel: PanelJson) => Loose): DashboardJson {
  const panels = (overview.panels ?? []).map((panel) =>
    panel.title === place ? { ...panel, ...change(panel) } : panel,
  );
  return { ...overview, panels };
}

function withTarget(change: Loose): DashboardJson {
  return withPanel(({ targets = [] }) => ({ targets: targets.map((target) => ({ ...target, ...change })) }));
}

/** One of its queries replaced by another expression. */
const withQuery = (expr: string): DashboardJson => withTarget({ expr });

const rate = (name: string, window = '$__rate_interval'): string => `rate(${name}{env=~"$env"}[${window}])`;

test.each([...buildDashboards().keys()])('%s is in order', (file) => {
  expect(lintDashboard(asJson(file.replace('.json', '')))).toEqual([]);
});

const faults: readonly (readonly [fault: string, dashboard: DashboardJson, message: string])[] = [
  ['a panel without a title', withPanel(() => ({ title: '' })), 'no title'],
  ['a panel without a description', withPanel(() => ({ description: '' })), 'no description'],
  ['a panel without a unit', withPanel(() => ({ fieldConfig: { defaults: { thresholds: {} } } })), 'no unit'],
  [
    'a panel without thresholds',
    withPanel(() => ({ fieldConfig: { defaults: { unit: 's' } } })),
    'no thresholds',
  ],
  ['a panel without a query', withPanel(() => ({ targets: [] })), 'no query'],
  ['two panels of one title', withPanel(() => ({ title: 'CPU' })), 'another panel has the same title'],
  ['two panels of one id', withPanel(() => ({ id: 1 })), 'the panel id 1 occurs more than once'],
  [
    'two queries of one name',
    withPanel(({ targets = [] }) => ({ targets: [...targets, ...targets] })),
    'the query name A occurs more than once',
  ],
  [
    'panels on top of each other',
    withPanel(({ gridPos }) => ({ gridPos: { ...gridPos, y: (gridPos?.y ?? 0) + 1 } })),
    'overlaps Share of errors',
  ],
  [
    'a panel beyond the grid',
    withPanel(() => ({ gridPos: { x: 20, y: 90, w: 8, h: 4 } })),
    'lies outside the grid',
  ],
  ['an old schema', { ...overview, schemaVersion: 16 }, 'schemaVersion 16 is below 36'],
  ['a bad uid', { ...overview, uid: 'Over View' }, 'no good uid'],
  [
    'a data source of one installation',
    withPanel(() => ({ datasource: { type: 'prometheus', uid: 'P1809F7CD0C75ACF3' } })),
    'a hard-coded data source',
  ],
  ['a query without a data source', withTarget({ datasource: {} }), 'names no data source'],
  [
    'a data source of another type',
    withTarget({ datasource: { type: 'prometheus', uid: `\${loki}` } }),
    'is no prometheus',
  ],
  [
    'a link to a host',
    withPanel(() => ({
      fieldConfig: {
        defaults: { unit: 's', thresholds: {}, links: [{ url: 'https://grafana.example/d/x' }] },
      },
    })),
    'a link to a host',
  ],
  [
    'a variable that does not exist',
    withQuery(`sum(${rate('fastapi_requests_total')}) * $factor`),
    'the variable factor is used',
  ],
  [
    'a variable that nobody uses',
    {
      ...overview,
      templating: { list: [...(overview.templating?.list ?? []), { name: 'region', type: 'custom' }] },
    },
    'is not used',
  ],
  ['no PromQL', withQuery('sum(rate('), 'no PromQL'],
  ['an unknown metric', withQuery(`sum(${rate('fastapi_request_total')})`), 'the catalogue has no metric'],
  ['an unknown label', withQuery('fastapi_app_info{env=~"$env",route="x"}'), 'has no label route'],
  [
    'an unknown label to group by',
    withQuery(`sum by (route) (${rate('fastapi_requests_total')})`),
    'has a label route',
  ],
  ['a rate of a gauge', withQuery(rate('gatewayz_providers_down')), 'rate over the gauge'],
  ['a counter as it is', withQuery('sum(fastapi_requests_total{env=~"$env"})'), 'without rate or increase'],
  [
    'a quantile without le',
    withQuery(`histogram_quantile(0.9, sum by (path) (${rate('fastapi_requests_duration_seconds_bucket')}))`),
    'histogram_quantile without by (le)',
  ],
  [
    'a quantile of all in one',
    withQuery(`histogram_quantile(0.9, sum(${rate('fastapi_requests_duration_seconds_bucket')}))`),
    'histogram_quantile without by (le)',
  ],
  [
    'a quantile of a sum',
    withQuery(`histogram_quantile(0.9, ${rate('fastapi_requests_duration_seconds_sum')})`),
    'no bucket',
  ],
  [
    'a bound that is not printed so',
    withQuery('rate(fastapi_requests_duration_seconds_bucket{env=~"$env",le="2"}[$__rate_interval])'),
    'not how a bound is printed: 2.0',
  ],
  ['a fixed window', withQuery(rate('fastapi_requests_total', '5m')), 'the window 5m is fixed'],
  [
    'a provider of one installation',
    withQuery('provider_availability{env=~"$env",provider="groq"}'),
    'a hard-coded name: provider="groq"',
  ],
  ['every environment at once', withQuery('max(gatewayz_providers_down)'), 'is not limited to $env'],
];

describe('a planted fault is found', () => {
  test.each(faults)('%s', (_, dashboard, message) => {
    const problems = lintDashboard(dashboard);
    expect(problems.map((problem) => problem.message).filter((text) => text.includes(message))).toHaveLength(
      1,
    );
  });
});

test.each([
  '{app="x"} |= "y',
  '{app="x"} | json | line_format',
  'sum by level (rate({app="x"}[1m]))',
  'rate({app="x"}[1m)',
])('%s is no LogQL', (text) => {
  expect(logqlErrorAt(text)).not.toBeNull();
});

test.each(['{ status = }', '{ name = "x" && }', '{ status = error } | counts() > 1', 'status = error'])(
  '%s is no TraceQL',
  (text) => {
    expect(traceqlErrorAt(text)).not.toBeNull();
  },
);
