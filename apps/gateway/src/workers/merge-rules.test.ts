import { createRegistry, registerProcessMetrics } from '@gatewayz/metrics';
import * as observability from '@gatewayz/observability';
import { expect, test } from 'vitest';
import { MERGE_RULES } from './merge-rules.ts';

const catalogues = Object.entries(observability).filter(([name]) => name.endsWith('Catalogue'));
const definitions = catalogues.flatMap(([, list]) => list as readonly observability.MetricDefinition[]);

/** Gauges that are in no catalogue: what the registry shows of a process. */
async function gaugesOfProcesses(): Promise<readonly string[]> {
  const registry = createRegistry({ selfMetrics: false });
  const stop = registerProcessMetrics(registry);
  const snapshot = await registry.snapshot();
  stop();
  return snapshot.filter(({ type }) => type === 'gauge').map(({ name }) => name);
}

test('every gauge that there is has a rule', async () => {
  expect(catalogues.length).toBeGreaterThan(8);
  const gauges = definitions.filter(({ type }) => type === 'gauge').map(({ name }) => name);
  const all = [...gauges, ...(await gaugesOfProcesses())];
  expect(all.filter((name) => !Object.hasOwn(MERGE_RULES, name))).toEqual([]);
});

test('no rule is for a metric that there is not', async () => {
  const names = new Set([
    ...definitions.map(({ name }) => name),
    ...(await gaugesOfProcesses()),
    'gatewayz_workers',
  ]);
  expect(Object.keys(MERGE_RULES).filter((name) => !names.has(name))).toEqual([]);
});

test('counters and histograms are added up, but for counts that all workers read from Redis', () => {
  const counts = definitions.filter(({ type }) => type !== 'gauge').map(({ name }) => name);
  const excepted = counts.filter((name) => Object.hasOwn(MERGE_RULES, name));
  expect(excepted.filter((name) => !name.startsWith('redis_'))).toEqual([]);
  expect(excepted.map((name) => MERGE_RULES[name]?.kind)).toEqual(excepted.map(() => 'max'));
});

test('weights and states are labels and metrics that are there', () => {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  for (const [name, rule] of Object.entries(MERGE_RULES)) {
    const labels = byName.get(name)?.labels;
    if (rule.kind === 'worst') expect(labels).toContain(rule.label);
    if (rule.kind === 'mean' && rule.weight !== null) {
      expect(byName.get(rule.weight)?.labels).toEqual(labels);
    }
  }
});
