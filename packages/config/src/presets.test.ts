import { expect, test } from 'vitest';
import { apiKeyVariable, PRESETS } from './presets.ts';

test.each(Object.entries(PRESETS))(
  'the preset %s has a base URL that endpoints can be appended to',
  (name, preset) => {
    const url = new URL(preset.baseUrl);
    expect(url.protocol).toBe(name === 'ollama' ? 'http:' : 'https:');
    expect(preset.baseUrl).not.toMatch(/\/$|[?#@]/);
  },
);

test('every preset has a variable of its own', () => {
  expect(new Set(Object.keys(PRESETS).map(apiKeyVariable)).size).toBe(Object.keys(PRESETS).length);
});

test.each([
  ['groq', 'GROQ_API_KEY'],
  ['near-ai', 'NEAR_AI_API_KEY'],
])('the key of %s is in %s', (name, variable) => {
  expect(apiKeyVariable(name)).toBe(variable);
});
