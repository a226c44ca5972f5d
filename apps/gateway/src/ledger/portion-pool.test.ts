import { describe, expect, test } from 'vitest';
import { PortionPool } from './portion-pool.ts';

const SLACK_MS = 1000;
const SOON_MS = 10_000;
const LATE_MS = 60_000;

/** A pool with one portion of 100 until {@link SOON_MS}. */
function poolOf100(): PortionPool {
  const pool = new PortionPool('ann', 'laptop');
  pool.add('p', 100, SOON_MS);
  return pool;
}

describe('a request may take a part', () => {
  test('of what is reserved and not held, up to the last of it', () => {
    const pool = poolOf100();
    expect(pool.has(100, SOON_MS, SLACK_MS)).toBe(true);
    expect(pool.has(101, SOON_MS, SLACK_MS)).toBe(false);
    pool.hold(60, SOON_MS);
    expect(pool.has(40, SOON_MS, SLACK_MS)).toBe(true);
    expect(pool.has(41, SOON_MS, SLACK_MS)).toBe(false);
  });

  test('of a portion that lasts as long as the request, less the slack', () => {
    const pool = poolOf100();
    expect(pool.has(1, SOON_MS + SLACK_MS, SLACK_MS)).toBe(true);
    expect(pool.has(1, SOON_MS + SLACK_MS + 1, SLACK_MS)).toBe(false);
    pool.add('longer', 100, LATE_MS);
    expect(pool.has(1, SOON_MS + SLACK_MS + 1, SLACK_MS)).toBe(false);
  });

  test('not of what is on its way back, until the database has refused it', () => {
    const pool = poolOf100();
    pool.hold(30, SOON_MS);
    const [change] = pool.plan(0, SLACK_MS);
    expect(change).toMatchObject({ requestId: 'p', userId: 'ann', amountMicro: 30 });
    expect(pool.has(1, SOON_MS, SLACK_MS)).toBe(false);
    expect(pool.spareMicro).toBe(70);
    pool.planned(false, 0);
    expect(pool.has(70, SOON_MS, SLACK_MS)).toBe(true);
  });

  test('not of what has gone back', () => {
    const pool = poolOf100();
    pool.hold(30, SOON_MS);
    pool.plan(0, SLACK_MS);
    pool.planned(true, 0);
    expect(pool.spareMicro).toBe(0);
    expect(pool.has(1, SOON_MS, SLACK_MS)).toBe(false);
  });
});

test('what a request owes is kept until it is charged, and the rest of what it held is free', () => {
  const pool = poolOf100();
  pool.hold(100, SOON_MS);
  pool.release(100, 25);
  expect(pool.spareMicro).toBe(75);
  expect(pool.plan(0, SLACK_MS)).toMatchObject([{ requestId: 'p', amountMicro: 25 }]);
  pool.planned(true, 0);
  expect(pool.plan(25, SLACK_MS)).toMatchObject([{ requestId: 'p', amountMicro: 0 }]);
  pool.planned(true, 25);
  expect(pool.contains('p')).toBe(false);
  expect(pool.isEmpty).toBe(true);
});

test('a portion is lengthened when requests need it for longer than half the slack beyond its end', () => {
  const pool = poolOf100();
  pool.hold(100, SOON_MS + SLACK_MS / 2);
  expect(pool.isLoose(SLACK_MS)).toBe(false);
  expect(pool.plan(0, SLACK_MS)).toEqual([]);
  pool.hold(0, SOON_MS + SLACK_MS / 2 + 1);
  expect(pool.isLoose(SLACK_MS)).toBe(true);
  const untilMs = SOON_MS + SLACK_MS / 2 + 1;
  expect(pool.plan(0, SLACK_MS)).toMatchObject([{ requestId: 'p', amountMicro: 100, expiresAtMs: untilMs }]);
  pool.planned(true, 0);
  expect(pool.isLoose(SLACK_MS)).toBe(false);
});

test('a portion that has expired is nobody’s any more', () => {
  const pool = poolOf100();
  pool.add('longer', 50, LATE_MS);
  pool.expire(SOON_MS);
  expect(pool.contains('p')).toBe(false);
  expect(pool.spareMicro).toBe(50);
  expect(pool.has(50, LATE_MS, SLACK_MS)).toBe(true);
});

describe('in advance a busy key wants', () => {
  /** With three requests in this interval that hold all that is reserved. */
  function busyPool(heldEach: number): PortionPool {
    const pool = new PortionPool('ann', 'laptop');
    pool.add('p', 3 * heldEach, SOON_MS);
    for (let requests = 0; requests < 3; requests += 1) pool.hold(heldEach, SOON_MS);
    return pool;
  }

  test('nothing before the database has told what is left', () => {
    expect(busyPool(10).tick()).toBe(0);
  });

  test('as much again as its requests held, and nothing when it is at rest', () => {
    const pool = busyPool(10);
    pool.learn({ free: 1000, disabled_at_ms: null }, undefined);
    expect(pool.tick()).toBe(30);
    expect(pool.tick()).toBe(0);
  });

  test('nothing while it is unknown again', () => {
    const pool = busyPool(10);
    pool.learn({ free: 1000, disabled_at_ms: null }, undefined);
    pool.forget();
    expect(pool.tick()).toBe(0);
  });

  test.each([
    ['a tenth of what the user has left', { free: 20_000, disabled_at_ms: null }, undefined, 2000],
    ['a tenth of its budget', { free: 20_000, disabled_at_ms: null }, { free: 12_000 }, 1200],
    ['nothing of a user who is disabled', { free: 20_000, disabled_at_ms: 1 }, undefined, 0],
    ['nothing of a user who is gone', undefined, undefined, 0],
  ])('at most %s', (_, user, key, most) => {
    const pool = busyPool(1000);
    pool.learn(user, key);
    expect(pool.tick()).toBe(most);
  });
});
