import { expect, test } from 'vitest';
import { toHealthPollLine } from './health-poll-event.ts';

test('an update is the line that operators look for', () => {
  expect(toHealthPollLine({ kind: 'updated' })).toEqual({
    level: 'info',
    message: 'Health service metrics updated successfully',
    fields: {},
  });
});

test('a failure says which endpoint and why', () => {
  const failure = {
    endpoint: '/metrics',
    reason: 'timeout',
    detail: 'no whole answer within 10000 ms',
  } as const;
  expect(toHealthPollLine({ kind: 'failed', ...failure })).toMatchObject({ level: 'warn', fields: failure });
});

test('bad entries and gauges that are gone are warnings, with their endpoint and number', () => {
  expect(toHealthPollLine({ kind: 'dropped', endpoint: '/status', entries: 3 })).toMatchObject({
    level: 'warn',
    fields: { endpoint: '/status', entries: 3 },
  });
  expect(toHealthPollLine({ kind: 'expired', endpoint: '/status', ageSeconds: 90 })).toMatchObject({
    level: 'warn',
    fields: { endpoint: '/status', ageSeconds: 90 },
  });
});
