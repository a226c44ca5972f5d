import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  businessCatalogue,
  databaseCatalogue,
  healthServiceCatalogue,
  httpCatalogue,
  inferenceCatalogue,
  limitCatalogue,
  type MetricDefinition,
  moduleCatalogue,
  moneyCatalogue,
  providerCatalogue,
  redisCatalogue,
  telemetryCatalogue,
} from './index.ts';

interface ContractRow {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  /** Bounds that existing queries name. */
  readonly buckets?: readonly number[];
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const contract = JSON.parse(read('__fixtures__/metric-contract.json')) as Record<
  string,
  readonly ContractRow[]
>;
const page = read('../../../docs/metrics.md');

const sections: readonly (readonly [string, string, readonly MetricDefinition[]])[] = [
  ['http', 'HTTP', httpCatalogue],
  ['inference', 'Inference', inferenceCatalogue],
  ['providerHealth', 'Provider health', providerCatalogue],
  ['healthService', 'Health service, as the backend exports it', healthServiceCatalogue],
  ['money', 'Money', moneyCatalogue],
  ['database', 'Databases and caches', databaseCatalogue],
  ['redis', 'Redis', redisCatalogue],
  ['limits', 'Limits', limitCatalogue],
  ['business', 'Business', businessCatalogue],
  ['telemetry', 'Telemetry', telemetryCatalogue],
  ['module', 'The module', moduleCatalogue],
];

describe.each(sections)('the metrics of the section %s', (key, title, catalogue) => {
  const fixed = contract[key] ?? [];
  const byName = new Map(catalogue.map((definition) => [definition.name, definition]));

  test.each(fixed.map((row) => [row.name, row] as const))(
    '%s is what existing dashboards query',
    (name, row) => {
      const definition = byName.get(name);
      expect(definition).toMatchObject({ name, type: row.type });
      expect([...(definition?.labels ?? [])].sort()).toEqual([...row.labels].sort());
      expect(definition?.buckets ?? []).toEqual(expect.arrayContaining([...(row.buckets ?? [])]));
    },
  );

  test('are those of the contract, and beside them only our own', () => {
    const known = new Set(fixed.map(({ name }) => name));
    const added = catalogue.map(({ name }) => name).filter((name) => !known.has(name));
    expect(added.filter((name) => !name.startsWith('gatewayz_'))).toEqual([]);
  });

  test('stand in the page, each with its type, labels and bounds, and nothing else does', () => {
    expect(readTable(title)).toEqual(catalogue.map(toRow));
  });
});

function toRow({ name, type, labels, buckets }: MetricDefinition): ContractRow {
  return { name, type, labels, ...(buckets === undefined ? {} : { buckets }) };
}

/** The rows of the table below a heading of the page. */
function readTable(title: string): readonly ContractRow[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [name = '', type = '', labels = '', buckets = ''] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim().replaceAll('`', ''));
      return {
        name,
        type,
        labels: labels === '' ? [] : labels.split(', '),
        ...(buckets === '' ? {} : { buckets: buckets.split(' ').map(Number) }),
      };
    });
}
