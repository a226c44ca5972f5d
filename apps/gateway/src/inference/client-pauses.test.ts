import { expect, test } from 'vitest';
import { ClientPauses } from './client-pauses.ts';

test('pauses add up, and prevail where they are more than half of the time', () => {
  const pauses = new ClientPauses();
  expect(pauses.prevailed(100, 200)).toBe(false);
  pauses.begin(110);
  expect(pauses.since).toBe(110);
  pauses.end(140);
  pauses.begin(160);
  pauses.end(181);
  expect(pauses.since).toBe(0);
  expect(pauses.prevailed(100, 201)).toBe(true);
  expect(pauses.prevailed(100, 202)).toBe(false);
});

test('a pause that has not ended prevails, however short it is', () => {
  const pauses = new ClientPauses();
  pauses.begin(199);
  expect(pauses.prevailed(100, 200)).toBe(true);
});
