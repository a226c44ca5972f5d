import { expect, it } from 'vitest';
import { createStreamLabels } from './stream-labels.ts';

const BASE = { app: 'gatewayz', env: 'test', service: 'gateway' };

it('numbers label sets, and gives the same ones the same number', () => {
  const labels = createStreamLabels(BASE);
  expect(labels.streamOf('info', undefined, 'groq')).toBe(0);
  expect(labels.streamOf('error', 'timeout', 'groq')).toBe(1);
  expect(labels.streamOf('info', undefined, 'groq')).toBe(0);
  expect(labels.all().map((json) => JSON.parse(json))).toEqual([
    { ...BASE, level: 'INFO', provider: 'groq' },
    { ...BASE, level: 'ERROR', error_type: 'timeout', provider: 'groq' },
  ]);
});

it.each([['a b'], ['a"b'], ['a\nb'], [''], ['x'.repeat(65)], [42], [null], [{}]])(
  'makes no label of %j',
  (provider) => {
    const labels = createStreamLabels(BASE);
    labels.streamOf('info', provider, provider);
    expect(JSON.parse(labels.all()[0] ?? '')).toEqual({ ...BASE, level: 'INFO' });
  },
);

it('stays within its bounds under any number of values', () => {
  const labels = createStreamLabels(BASE);
  for (let at = 0; at < 100_000; at += 1) labels.streamOf('warn', `type${at % 317}`, `provider${at}`);
  const sets = labels.all().map((json) => JSON.parse(json) as Record<string, string>);
  expect(sets.length).toBeLessThanOrEqual(305);
  expect(new Set(sets.map(({ provider }) => provider)).size).toBeLessThanOrEqual(51);
  expect(labels.streamOf('fatal', 'type1', 'provider1')).toBeLessThan(305);
});
