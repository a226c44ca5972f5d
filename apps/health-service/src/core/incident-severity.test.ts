import { describe, expect, test } from 'vitest';
import {
  checkSeveritySettings,
  DEFAULT_SEVERITY,
  type Extent,
  severityOf,
  worseSeverity,
} from './incident-severity.ts';

const extent = (more: Partial<Extent>): Extent => ({
  scope: 'provider',
  isRefusal: false,
  consecutiveFailures: 3,
  modelsHit: 2,
  modelsTracked: 100,
  providerIsDown: false,
  ...more,
});
const rated = (more: Partial<Extent>): string => severityOf(extent(more), DEFAULT_SEVERITY);

describe('severity', () => {
  test('rises with the failures in a row', () => {
    const at = (consecutiveFailures: number): string => rated({ scope: 'model', consecutiveFailures });
    expect([at(3), at(5), at(6), at(11), at(12), at(24)]).toEqual([
      'low',
      'low',
      'medium',
      'medium',
      'high',
      'high',
    ]);
  });

  test('rises with how much of the provider is hit', () => {
    expect([
      rated({}),
      rated({ modelsHit: 49 }),
      rated({ modelsHit: 50 }),
      rated({ providerIsDown: true }),
    ]).toEqual(['medium', 'medium', 'high', 'high']);
  });

  test('is critical for a wide outage that lasts, or for one that lasts long', () => {
    expect(rated({ providerIsDown: true, consecutiveFailures: 12 })).toBe('critical');
    expect(rated({ consecutiveFailures: 12 })).toBe('high');
    expect(rated({ consecutiveFailures: 24 })).toBe('critical');
  });

  test('is never critical for a refusal', () => {
    expect(rated({ isRefusal: true, providerIsDown: true, consecutiveFailures: 100 })).toBe('high');
  });
});

test('the worse of two is the later in their order', () => {
  expect(worseSeverity('low', 'high')).toBe('high');
  expect(worseSeverity('critical', 'high')).toBe('critical');
});

test('settings out of order are refused with their name', () => {
  expect(() => checkSeveritySettings({ ...DEFAULT_SEVERITY, highFailures: 5 })).toThrow('highFailures');
  checkSeveritySettings(DEFAULT_SEVERITY);
});
