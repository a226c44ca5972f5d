import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readingsOf } from './expression.ts';
import { summaryFields } from './summary-fields.ts';
import { FILTERS, TEXT_VIEWS } from './view-definition.ts';
import { definitionsOf, viewDefinitions } from './view-definitions.ts';

interface ContractRow {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}
const text = readFileSync(new URL('../__fixtures__/metric-contract.json', import.meta.url), 'utf8');
const contract = JSON.parse(text) as Readonly<Record<string, readonly ContractRow[]>>;
/** Of the contract's rows that nothing sets yet, those that the views read. */
const unset: readonly ContractRow[] = [
  { name: 'active_api_keys', type: 'gauge', labels: ['status'] },
  { name: 'subscription_count', type: 'gauge', labels: ['plan_type', 'billing_cycle'] },
  { name: 'trial_active', type: 'gauge', labels: ['status'] },
];
const rows = new Map([...Object.values(contract).flat(), ...unset].map((row) => [row.name, row]));
const everything = [...viewDefinitions, ...summaryFields];

test('every value reads metrics of the contract, by labels that they have', () => {
  for (const { expression } of everything) {
    for (const { metric, by, where } of readingsOf(expression)) {
      const row = rows.get(metric);
      expect(row, metric).toBeDefined();
      const used = [...by, ...where.map(({ label }) => label)];
      expect(
        used.filter((label) => !row?.labels.includes(label)),
        metric,
      ).toEqual([]);
    }
  }
});

test('every value takes the filters that all its metrics have as labels, and no others', () => {
  for (const { expression, filters } of everything) {
    const labels = readingsOf(expression).map(({ metric }) => rows.get(metric)?.labels ?? []);
    const possible = FILTERS.filter((filter) => labels.every((own) => own.includes(filter)));
    expect([...filters], JSON.stringify(expression)).toEqual(possible);
  }
});

test('every name is there once, and is that of no metric', () => {
  const names = viewDefinitions.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => rows.has(name))).toEqual([]);
});

test('counters add up what only rises, gauges do not', () => {
  for (const { name, type, expression } of viewDefinitions) {
    const readings = readingsOf(expression);
    const isTotal =
      expression.kind === 'current' && readings.every(({ metric }) => rows.get(metric)?.type === 'counter');
    expect([name, type]).toEqual([name, isTotal ? 'counter' : 'gauge']);
  }
});

test('every view shows something, and all of them once', () => {
  for (const view of TEXT_VIEWS) expect(definitionsOf(view).length, view).toBeGreaterThan(4);
  expect(definitionsOf('all')).toEqual(viewDefinitions);
  expect(viewDefinitions.filter(({ views }) => views.length === 0)).toEqual([]);
});
