import { expect, test } from 'vitest';
import type { KnownCaller } from '../accounts/caller-check.ts';
import type { KeyRecord } from '../accounts/key-finding.ts';
import { refuseOwnRouting } from './restrict-route.ts';

const USER: KnownCaller = { keyId: 'laptop', userId: 'ann', key: {} as KeyRecord };
const CONFIGURED: KnownCaller = { keyId: 'configured:0', userId: '', key: null };

test.each([
  { models: ['dear'] },
  { models: null },
  { route: 'fallback' },
  { fallbacks: [{ model: 'dear' }] },
])('a user may not have the provider choose another model: %j', (body) => {
  const [param] = Object.keys(body);
  expect(() => refuseOwnRouting({ model: 'cheap', ...body }, USER)).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ status: 400, param }) }),
  );
  refuseOwnRouting({ model: 'cheap', ...body }, CONFIGURED);
  refuseOwnRouting({ model: 'cheap', ...body }, null);
});

test('a user may send every other field', () => {
  refuseOwnRouting({ model: 'cheap', metadata: { models: ['a'] }, provider: {} }, USER);
});
