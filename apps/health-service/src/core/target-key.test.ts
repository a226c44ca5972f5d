import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isProviderKey, providerKey, targetId } from './target-key.ts';

test('two keys have the same id exactly when provider and model are the same', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('a', 'a/b', 'b/c', '","', '', '\u0000'));
  fc.assert(
    fc.property(name, name, name, name, (providerA, modelA, providerB, modelB) => {
      const same = providerA === providerB && modelA === modelB;
      const ids = [
        targetId({ provider: providerA, model: modelA }),
        targetId({ provider: providerB, model: modelB }),
      ];
      expect(ids[0] === ids[1]).toBe(same);
    }),
  );
});

test('a provider as a whole is told apart from its models', () => {
  expect(isProviderKey(providerKey('groq'))).toBe(true);
  expect(isProviderKey({ provider: 'groq', model: 'small' })).toBe(false);
});
