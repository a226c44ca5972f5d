import { expect, test } from 'vitest';
import { createStatusLabels } from './status-labels.ts';

test('the known statuses, and words of its own that a service uses, keep their names', () => {
  const toLabel = createStatusLabels();
  for (const status of [
    'healthy',
    'degraded',
    'down',
    'unknown',
    'maintenance',
    'other',
    'unhealthy',
    'OFF',
  ]) {
    expect(toLabel(status)).toBe(status);
  }
});

test('only so many words of its own have names, ever, and the known ones are none of them', () => {
  const toLabel = createStatusLabels();
  const labels = Array.from({ length: 1000 }, (_, index) => toLabel(`status_${index}`));
  expect(new Set(labels).size).toBe(17);
  expect(labels.slice(15, 18)).toEqual(['status_15', 'other', 'other']);
  expect([toLabel('status_3'), toLabel('status_999'), toLabel('down')]).toEqual([
    'status_3',
    'other',
    'down',
  ]);
});

test.each(['', ' healthy', 'he"althy', 'a\nb', 'ä', '1st', 'x'.repeat(33), '__proto__'])(
  'what is no word is other: %j',
  (status) => {
    expect(createStatusLabels()(status)).toBe('other');
  },
);
