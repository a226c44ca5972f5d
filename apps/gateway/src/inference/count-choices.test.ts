import { expect, test } from 'vitest';
import { countChoices } from './count-choices.ts';

test.each([
  [{}, 1],
  [{ n: 3 }, 3],
  [{ n: null }, 1],
  [{ n: 0 }, 1],
  [{ n: -2 }, 1],
  [{ n: 1.5 }, 1],
  [{ n: '3' }, 1],
  [{ prompt: 'a' }, 1],
  [{ prompt: ['a', 'b'], n: 2 }, 4],
  [{ prompt: [1, 2, 3] }, 1],
  [{ prompt: [[1, 2], [3]] }, 2],
  [{ prompt: [] }, 1],
])('the answer to %j has %d', (body, choices) => {
  expect(countChoices(body)).toBe(choices);
});
