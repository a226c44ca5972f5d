import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';
import { alertRules, OBSERVABILITY, readYaml, toRunbookName } from './rule-files.ts';

/** A fault that made an alert fire and clear. */
export interface Fired {
  readonly alert: string;
  readonly what: string;
  /** How soon somebody must know, in the deployed durations. */
  readonly within: string;
}

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

interface TestFile {
  readonly tests: readonly { readonly alert_rule_test?: readonly AlertTest[] }[];
}

/** The page that shows the table. */
export const PAGE: string = join(repositoryRoot, 'docs/observability.md');
const MARKS = ['<!-- alerts: begin -->\n', '<!-- alerts: end -->'] as const;

function readAlertTests(): readonly AlertTest[] {
  const folder = 'prometheus/tests';
  return readdirSync(join(OBSERVABILITY, folder)).flatMap((name) =>
    (readYaml(`observability/${folder}/${name}`) as TestFile).tests.flatMap(
      (each) => each.alert_rule_test ?? [],
    ),
  );
}

function toRow(alert: string, tests: readonly AlertTest[], fired: Fired | undefined): string {
  const rules = alertRules.filter((rule) => rule.alert === alert);
  const severities = [...new Set(rules.map(({ labels }) => labels.severity))].join(', ');
  const own = tests.filter(({ alertname }) => alertname === alert);
  const firing = own.filter(({ exp_alerts }) => exp_alerts.length > 0).length;
  const proof = fired === undefined ? '' : `${fired.what}: within ${fired.within}`;
  const link = `[${alert}](runbooks/${toRunbookName(alert)})`;
  return `| ${link} | ${severities} | ${rules.length} | ${firing} | ${own.length - firing} | ${proof} |`;
}

/** Every alert with what proves it, as Markdown, and the sums. */
export function toAlertsTable(fired: readonly Fired[]): string {
  const tests = readAlertTests();
  const names = [...new Set(alertRules.map(({ alert }) => alert))];
  const rows = names.map((alert) =>
    toRow(
      alert,
      tests,
      fired.find((each) => each.alert === alert),
    ),
  );
  return [
    '| alert | severity | rules | cases: fires | silent | fired and cleared end to end, when … |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    `${names.length} alerts in ${alertRules.length} rules, all of them tested both ways; ${fired.length} fired end to end.`,
    '',
  ].join('\n');
}

/** The table as the page has it. */
export function readTable(): string {
  return readFileSync(PAGE, 'utf8').split(MARKS[0])[1]?.split(MARKS[1])[0] ?? '';
}

/** The page with another table. */
export function withTable(page: string, table: string): string {
  const [before = '', rest = ''] = page.split(MARKS[0]);
  return `${before}${MARKS[0]}${table}${MARKS[1]}${rest.split(MARKS[1])[1] ?? ''}`;
}
