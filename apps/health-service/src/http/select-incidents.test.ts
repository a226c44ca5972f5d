import { expect, test } from 'vitest';
import type { Incident } from '../core/types.ts';
import type { IncidentQuery } from '../store/health-store.ts';
import { selectIncidents } from './select-incidents.ts';

const incidents = [0, 1, 2, 3, 4, 5, 6].map(
  (index): Incident => ({
    id: `i${index}`,
    scope: 'model',
    provider: index === 1 ? 'other' : 'groq',
    models: ['large'],
    type: 'timeout',
    severity: index === 0 ? 'low' : 'high',
    status: index % 2 === 0 ? 'open' : 'acknowledged',
    openedAtMs: Math.floor(index / 3),
    updatedAtMs: 9,
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    resolvedAtMs: null,
    consecutiveFailures: 3,
    absorbedInto: index === 5 ? 'i6' : null,
    evidence: [],
  }),
);

test.each<readonly [IncidentQuery, string]>([
  [{ limit: 3 }, '654'],
  [{ limit: 3, before: 'i4' }, '321'],
  [{ limit: 3, before: 'i1' }, '0'],
  [{ limit: 3, before: 'nobody' }, ''],
  [{ limit: 9, statuses: ['open'], severities: [] }, '6420'],
  [{ limit: 9, statuses: ['resolved'] }, ''],
  [{ limit: 9, severities: ['low'] }, '0'],
  [{ limit: 9, provider: 'other' }, '1'],
  [{ limit: 2, provider: 'groq', before: 'i3' }, '20'],
  [{ limit: 3, absorbed: false }, '643'],
])('incidents in memory are listed as the store lists them: %o', (query, expected) => {
  const shuffled = [...incidents.slice(3), ...incidents.slice(0, 3).reverse()];
  const ids = selectIncidents(shuffled, query).map(({ id }) => id.slice(1));
  expect(ids.join('')).toBe(expected);
});
