import { describe, expect, test } from 'vitest';
import { fail, type NamedResult, ok, skipped, warn } from './check-result.ts';
import { isHealthy, toJsonReport, toReport } from './print-report.ts';

const good: readonly NamedResult[] = [
  { name: 'gateway', ...ok('is ready') },
  { name: 'providers', ...warn('1 of 2 down', 'Look.') },
  { name: 'loki', ...skipped('LOKI_URL is not set', 'Set it.') },
];

describe('the report', () => {
  test('has a line a check, with the next step below what is not ok', () => {
    expect(toReport([...good, { name: 'otlp', ...fail('answers 404', 'Correct it.') }])).toBe(`\
ok       gateway    is ready
warn     providers  1 of 2 down
                    → Look.
skipped  loki       LOKI_URL is not set
                    → Set it.
fail     otlp       answers 404
                    → Correct it.

4 checks: 1 ok, 1 to look at, 1 failed, 1 skipped
`);
  });

  test('is the same as data', () => {
    expect(JSON.parse(toJsonReport(good))).toEqual({ ok: true, problems: [], checks: good });
  });

  test('is good until something failed', () => {
    expect(isHealthy(good)).toBe(true);
    expect(isHealthy([...good, { name: 'otlp', ...fail('answers 404', 'Correct it.') }])).toBe(false);
  });
});
