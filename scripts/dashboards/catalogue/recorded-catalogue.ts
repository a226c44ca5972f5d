import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricDefinition } from '@gatewayz/observability';
import { parse } from 'yaml';
import { parsePromql } from '../promql/parse-promql.ts';
import { groupedLabelsOf, selectorsOf } from '../promql/walk-promql.ts';

interface Rule {
  readonly record?: string;
  readonly expr: string;
}

/** The folder of the rules, from the root. */
export const RULES_FOLDER = 'observability/prometheus/rules';

function readRules(): readonly Rule[] {
  const folder = join(import.meta.dirname, '../../..', RULES_FOLDER);
  return readdirSync(folder).flatMap((file) => {
    const { groups } = parse(readFileSync(join(folder, file), 'utf8')) as {
      groups: readonly { rules: readonly Rule[] }[];
    };
    return groups.flatMap(({ rules }) => rules);
  });
}

/** The labels that a rule groups by, and those of the recorded numbers that it is made of. */
function labelsOf(expression: string, expressions: ReadonlyMap<string, string>): readonly string[] {
  const tree = parsePromql(expression);
  const inner = selectorsOf(tree).flatMap(({ metric }) => {
    const recorded = metric === null ? undefined : expressions.get(metric);
    return recorded === undefined ? [] : labelsOf(recorded, expressions);
  });
  return [...new Set([...groupedLabelsOf(tree), ...inner])].filter((label) => label !== 'le');
}

function toDefinitions(rules: readonly Rule[]): readonly MetricDefinition[] {
  const expressions = new Map(rules.flatMap(({ record, expr }) => (record ? [[record, expr] as const] : [])));
  return [...expressions].map(([name, expression]) => ({
    name,
    type: 'gauge',
    help: 'Recorded by a rule of Prometheus.',
    labels: labelsOf(expression, expressions),
  }));
}

/** What the recording rules make of the metrics. */
export const recordedCatalogue: readonly MetricDefinition[] = toDefinitions(readRules());
