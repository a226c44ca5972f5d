import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { expect, test } from 'vitest';
import { GEN_AI } from './gen-ai-attributes.ts';

test('every name is one of the conventions, and none carries what a user or a model said', () => {
  const known = new Set<unknown>(Object.values(conventions));
  for (const name of Object.values(GEN_AI)) {
    expect([name, known.has(name)]).toEqual([name, true]);
    expect(name).not.toMatch(/prompt|completion|messages|instructions|arguments|result/);
  }
});
