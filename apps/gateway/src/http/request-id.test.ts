import { afterEach, expect, test, vi } from 'vitest';
import { createRequestId } from './request-id.ts';

afterEach(() => vi.useRealTimers());

test('an id of a request is a UUID of version 7 with the time in front, and never the same', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0x0123_4567_89ab });
  const ids = Array.from({ length: 1000 }, createRequestId);
  for (const id of ids) expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(1000);
  vi.setSystemTime(0x0123_4567_89ac);
  expect(createRequestId() > (ids.toSorted().at(-1) ?? '')).toBe(true);
});
