import { expect, test } from 'vitest';
import type { KnownCaller } from '../accounts/caller-check.ts';
import type { KeyRecord } from '../accounts/key-finding.ts';
import { findPaidExtra, refusePaidExtras } from './paid-extras.ts';

const USER: KnownCaller = { keyId: 'laptop', userId: 'ann', key: {} as KeyRecord };
const CONFIGURED: KnownCaller = { keyId: 'configured:0', userId: '', key: null };
const FUNCTION = { type: 'function', function: { name: 'add' } };

test.each([
  { service_tier: 'priority' },
  { service_tier: 'flex' },
  { service_tier: ['default'] },
  { plugins: [{ id: 'web' }] },
  { plugins: { id: 'web' } },
  { web_search_options: {} },
  { search_parameters: { mode: 'auto' } },
  { tools: [FUNCTION, { type: 'web_search' }] },
  { tools: [{ type: 'code_interpreter' }] },
  { tools: [{ type: 'openrouter:web_search' }] },
  { tools: [{ google_search: {} }] },
  { tools: ['web_search'] },
  { tools: { type: 'web_search' } },
  { modalities: ['text', 'audio'] },
  { modalities: ['image'] },
])('%j may cost more than its tokens: a user is refused, and nobody else', (body) => {
  const [param] = Object.keys(body);
  expect(findPaidExtra({ model: 'large', ...body })).toBe(param);
  expect(() => refusePaidExtras(body, USER)).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({ status: 400, code: 'field_unpriced', param }),
    }),
  );
  refusePaidExtras(body, CONFIGURED);
  refusePaidExtras(body, null);
});

test.each([
  {},
  { service_tier: null },
  { service_tier: 'auto' },
  { service_tier: 'default' },
  { service_tier: 'on_demand' },
  { plugins: null },
  { plugins: [] },
  { web_search_options: null },
  { tools: [] },
  { tools: null },
  { tools: [FUNCTION, { type: 'custom', custom: { name: 'sql' } }, { function: { name: 'add' } }] },
  { modalities: ['text'] },
  { messages: [{ role: 'user', content: 'plugins', plugins: ['web'] }], metadata: { service_tier: 'flex' } },
])('%j costs its tokens', (body) => {
  expect(findPaidExtra(body)).toBeNull();
  refusePaidExtras(body, USER);
});
