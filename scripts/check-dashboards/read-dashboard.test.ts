import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DashboardFileError, type ReadDashboard } from './found-query.ts';
import { readDashboard } from './read-dashboard.ts';

const read = (file: string): ReadDashboard =>
  readDashboard(readFileSync(join(import.meta.dirname, '__fixtures__', file), 'utf8'));
const placesOf = ({ queries }: ReadDashboard): readonly string[] =>
  queries.map(({ panel, name }) => `${panel} ${name}`);

test('rows of the oldest schema, with data sources that are names or none', () => {
  const dashboard = read('rows-of-old.json');
  expect(placesOf(dashboard)).toEqual([
    '$app_name variable',
    'Restarts annotation',
    'Total Requests A',
    'Requests Per Sec A',
    'P95 A',
    'Within 2 s A',
  ]);
  expect(dashboard).toMatchObject({ title: 'FastAPI Observability', others: 1, notes: [] });
  expect([...dashboard.variables]).toEqual([
    ['app_name', 'backend-of-then'],
    ['interval', '1m'],
  ]);
});

test('collapsed and nested rows, mixed and templated data sources, repeated and library panels', () => {
  const dashboard = read('breakers.json');
  expect(placesOf(dashboard)).toEqual([
    '$provider variable',
    '$metric variable',
    'Score of $provider A',
    'State A',
    'State B',
    'Transitions A',
    'Both A',
    ...['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((name) => `Mistakes ${name}`),
  ]);
  expect(dashboard.others).toBe(2);
  expect(dashboard.notes).toEqual(['Shared is a library panel: its queries are not in the file']);
  expect([...dashboard.variables]).toContainEqual(['top', '5']);
  expect([...dashboard.variables]).toContainEqual(['provider', null]);
});

test('the newest schema, with elements and kinds', () => {
  const dashboard = read('newest.json');
  expect(placesOf(dashboard)).toEqual([
    '$provider variable',
    'Down annotation',
    'Availability A',
    'Quantile A',
  ]);
  expect(dashboard.others).toBe(1);
  expect(dashboard.notes).toHaveLength(1);
  expect(dashboard.variables.get('quantile')).toBe('0.9');
});

test('an answer of the API of Grafana is the dashboard in it', () => {
  const text = JSON.stringify({ meta: {}, dashboard: { title: 'Inner', panels: [] } });
  expect(readDashboard(text)).toMatchObject({ title: 'Inner', queries: [] });
});

test.each([
  ['no JSON', '{"panels": ['],
  ['a list', '[]'],
  ['another object', '{"title": "x"}'],
  ['a number', '7'],
])('%s is refused as no dashboard', (_, text) => {
  expect(() => readDashboard(text)).toThrow(DashboardFileError);
});

test('parts of a wrong kind are left out, and nothing breaks', () => {
  const text = JSON.stringify({
    panels: [null, 7, { targets: 'none' }, { title: 1, id: 3, targets: [null, { expr: 7 }, { expr: 'up' }] }],
    templating: { list: [null, { name: 4 }, { name: 'x', type: 'query', query: 3 }] },
    annotations: { list: 'none' },
  });
  expect(readDashboard(text).queries).toEqual([{ panel: 'panel 3', name: '2', expression: 'up' }]);
});
