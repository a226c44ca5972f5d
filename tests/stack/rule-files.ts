import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';
import { parse } from 'yaml';

/** The folder of what an operator deploys. */
export const OBSERVABILITY: string = join(repositoryRoot, 'observability');
export const RULES: string = join(OBSERVABILITY, 'prometheus/rules');

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly (AlertRule | RecordingRule)[] }[];
}

/** Reads a file of the repository as YAML. */
export function readYaml(path: string): unknown {
  return parse(readFileSync(join(repositoryRoot, path), 'utf8'), { merge: true });
}

const rules = readdirSync(RULES).flatMap((name) =>
  (readYaml(`observability/prometheus/rules/${name}`) as RuleFile).groups.flatMap((group) => group.rules),
);

export const alertRules: readonly AlertRule[] = rules.filter((rule): rule is AlertRule => 'alert' in rule);
export const recordingRules: readonly RecordingRule[] = rules.filter(
  (rule): rule is RecordingRule => 'record' in rule,
);

/** The page of an alert: `ApiDown` has `api-down.md`. */
export function toRunbookName(alert: string): string {
  return `${alert.replaceAll(/(?<!^)(?=[A-Z])/g, '-').toLowerCase()}.md`;
}
