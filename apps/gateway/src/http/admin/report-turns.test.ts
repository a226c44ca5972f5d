import { afterEach, expect, test, vi } from 'vitest';
import { ReportTurns } from './report-turns.ts';

afterEach(() => {
  vi.useRealTimers();
});

const REFUSED = { details: { status: 429, code: 'too_many_reports', retryAfterSeconds: 1 } };

function refusalOf(turns: ReportTurns, owner: string): unknown {
  try {
    turns.begin(owner);
    return null;
  } catch (error) {
    return error;
  }
}

test('an owner has one turn at a time, and all together so many', () => {
  const turns = new ReportTurns({ perOwner: 1, total: 2 });
  const endOfAnn = turns.begin('ann');
  expect(refusalOf(turns, 'ann')).toMatchObject(REFUSED);
  const endOfBob = turns.begin('bob');
  expect(refusalOf(turns, 'eve')).toMatchObject(REFUSED);
  endOfAnn();
  endOfAnn();
  turns.begin('eve');
  expect(refusalOf(turns, 'ann')).toMatchObject(REFUSED);
  endOfBob();
  turns.begin('ann');
});

test('a turn that nobody ends is over after a minute, and its late end takes no other', () => {
  vi.useFakeTimers();
  const turns = new ReportTurns({ perOwner: 1, total: 1 });
  const late = turns.begin('ann');
  vi.advanceTimersByTime(59_999);
  expect(refusalOf(turns, 'ann')).toMatchObject(REFUSED);
  vi.advanceTimersByTime(1);
  const end = turns.begin('ann');
  late();
  expect(refusalOf(turns, 'ann')).toMatchObject(REFUSED);
  end();
  expect(vi.getTimerCount()).toBe(0);
});
