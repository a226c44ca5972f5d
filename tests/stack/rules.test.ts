import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runCommand } from '../command.ts';
import { readKnownMetrics, TARGET_LABELS } from './known-metrics.ts';
import { readPromqlNames } from './promql-names.ts';
import { alertRules, OBSERVABILITY, RULES, readYaml, recordingRules, toRunbookName } from './rule-files.ts';

const TESTS = join(OBSERVABILITY, 'prometheus/tests');
const RUNBOOKS = join(repositoryRoot, 'docs/runbooks');
const ruleFiles = readdirSync(RULES).map((name) => join(RULES, name));
const testFiles = readdirSync(TESTS);

interface TestFile {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly { readonly exp_labels: Readonly<Record<string, string>> }[];
    }[];
    readonly promql_expr_test?: readonly {
      readonly expr: string;
      readonly exp_samples: readonly unknown[];
    }[];
  }[];
}

const unitTests = testFiles.flatMap(
  (name) => (readYaml(`observability/prometheus/tests/${name}`) as TestFile).tests,
);
const alertTests = unitTests.flatMap(({ alert_rule_test = [] }) => alert_rule_test);
const expressionTests = unitTests.flatMap(({ promql_expr_test = [] }) => promql_expr_test);

async function promtool(...args: readonly string[]): Promise<readonly [number | null, string]> {
  const { code, stdout, stderr } = await runCommand('promtool', args, '');
  return [code, `${stdout}${stderr}`];
}

test('promtool accepts the rules', async () => {
  const [code, output] = await promtool('check', 'rules', ...ruleFiles);
  expect([code, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
});

test.each(testFiles)('the unit tests of %s pass', async (name) => {
  const [code, output] = await promtool('test', 'rules', join(TESTS, name));
  expect([code, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
});

test.each(alertRules.map(({ alert, labels }) => [alert, labels.window ?? 'one window'] as const))(
  '%s (%s) has a case in which it fires, and one in which it does not',
  (alert, window) => {
    const cases = alertTests.filter(({ alertname }) => alertname === alert);
    const isThis = (labels: Readonly<Record<string, string>>): boolean =>
      (labels.window ?? 'one window') === window;
    const firing = cases.filter(({ exp_alerts }) => exp_alerts.some(({ exp_labels }) => isThis(exp_labels)));
    expect(firing.length).toBeGreaterThan(0);
    expect(cases.length).toBeGreaterThan(firing.length);
  },
);

test.each(recordingRules.map(({ record }) => record))('%s is recorded with a value in a test', (record) => {
  const cases = expressionTests.filter(({ expr }) =>
    readPromqlNames(expr).selectors.some(({ metric }) => metric === record),
  );
  expect(cases.some(({ exp_samples }) => exp_samples.length > 0)).toBe(true);
});

const known = readKnownMetrics();
const recorded = new Set(recordingRules.map(({ record }) => record));
const allLabels = new Set([...known.values()].flat().concat(TARGET_LABELS));

function findUnknown(expression: string): readonly string[] {
  const { selectors, grouping } = readPromqlNames(expression);
  const unknown = selectors.flatMap(({ metric, labels }) => {
    const own = recorded.has(metric) ? [...allLabels] : known.get(metric);
    if (own === undefined) return [metric];
    return labels
      .filter((label) => !own.includes(label) && !TARGET_LABELS.includes(label))
      .map((label) => `${metric}{${label}}`);
  });
  return [...unknown, ...grouping.filter((label) => !allLabels.has(label))];
}

const expressions = [
  ...alertRules.map(({ alert, expr }) => [alert, expr] as const),
  ...recordingRules.map(({ record, expr }) => [record, expr] as const),
];

test.each(expressions)('%s names metrics and labels that exist', (_, expr) => {
  expect(readPromqlNames(expr).selectors.length + Number(/vector/.test(expr))).toBeGreaterThan(0);
  expect(findUnknown(expr)).toEqual([]);
});

test('a metric or label that does not exist is found', () => {
  expect(findUnknown('sum by (nonsense) (rate(http_requests_total{path="/"}[5m])) / no_such_total')).toEqual([
    'http_requests_total{path}',
    'no_such_total',
    'nonsense',
  ]);
});

test.each(alertRules)(
  '$alert says how bad it is, what it speaks of, what was measured and what to do',
  (rule) => {
    expect(rule.labels.severity).toMatch(/^(?:critical|warning)$/);
    expect(rule.labels.scope).toMatch(/^(?:service|slo|provider|model|health|storage|telemetry|cost)$/);
    expect(rule.annotations.summary).toMatch(/\{\{ \$(?:labels\.\w+|value)/);
    expect(rule.annotations.description?.length).toBeGreaterThan(20);
    expect(rule.annotations.runbook_url).toBe(`docs/runbooks/${toRunbookName(rule.alert)}`);
  },
);

test('every alert has its page, and every page its alert', () => {
  const pages = new Set(alertRules.map(({ alert }) => toRunbookName(alert)));
  expect(readdirSync(RUNBOOKS).toSorted()).toEqual([...pages].toSorted());
});

const QUERY = /promtool query instant http:\/\/127\.0\.0\.1:9090 '([^']+)'/g;

test.each([...new Set(alertRules.map(({ alert }) => alert))])('the page of %s is complete', (alert) => {
  const page = readFileSync(join(RUNBOOKS, toRunbookName(alert)), 'utf8');
  expect(page.startsWith(`# ${alert}\n`)).toBe(true);
  const [means = '', checks = '', advice = ''] = page.split(/^## .*$/m);
  expect(means.length).toBeGreaterThan(100);
  expect(checks.match(/^\d\. /gm)).toHaveLength(3);
  expect(checks.match(/```sh/g)).toHaveLength(3);
  expect(advice.match(/^- /gm)?.length).toBeGreaterThan(0);
  for (const [, query = ''] of page.matchAll(QUERY)) expect([query, findUnknown(query)]).toEqual([query, []]);
});

test('Prometheus accepts every query of the pages', async () => {
  const queries = readdirSync(RUNBOOKS).flatMap((name) =>
    [...readFileSync(join(RUNBOOKS, name), 'utf8').matchAll(QUERY)].map(([, query]) => query),
  );
  expect(queries.length).toBeGreaterThan(30);
  const rules = queries.map((expr, index) => ({ record: `query_${index}`, expr }));
  await using folder = await temporaryFolder();
  const file = await folder.write('queries.yml', stringify({ groups: [{ name: 'pages', rules }] }));
  expect(await promtool('check', 'rules', file)).toEqual([0, expect.stringContaining('SUCCESS')]);
});
