import { describe, expect, test } from 'vitest';
import { MINUTE_MS, model, PROVIDER, Watched } from './test-support/watched.ts';

describe('flapping', () => {
  const flap = (watched: Watched, pauseMs: number): void => {
    watched.tellTimes(3, model('m1'), 'timeout');
    watched.tellTimes(2, model('m1'), 'success');
    watched.nowMs += pauseMs;
  };

  test('Health service and poller: flapping provider → trouble again within the time to reopen is the same incident', () => {
    const watched = new Watched(20);
    for (let round = 0; round < 10; round++) flap(watched, 10 * MINUTE_MS);
    expect(watched.only().status).toBe('resolved');
    expect(watched.kinds.filter((kind) => kind === 'opened')).toHaveLength(1);
    expect(watched.kinds.filter((kind) => kind === 'reopened')).toHaveLength(9);
  });

  test('after it, it is another one', () => {
    const watched = new Watched(20);
    for (let round = 0; round < 3; round++) flap(watched, 31 * MINUTE_MS);
    expect(watched.stored()).toHaveLength(3);
  });

  test('what has been acknowledged stays so', () => {
    const watched = new Watched(20);
    watched.tellTimes(3, model('m1'), 'timeout');
    const change = watched.book.acknowledge(watched.only().id, 'ann', watched.nowMs);
    watched.keep(change === null ? [] : [change]);
    expect(watched.only()).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'ann' });
    expect(watched.book.acknowledge(watched.only().id, 'bob', watched.nowMs)).toBeNull();
    expect(watched.book.acknowledge('nothing', 'bob', watched.nowMs)).toBeNull();
    flap(watched, 1000);
    watched.tellTimes(3, model('m1'), 'timeout');
    expect(watched.only()).toMatchObject({
      status: 'acknowledged',
      acknowledgedBy: 'ann',
      resolvedAtMs: null,
    });
  });
});

describe('restart', () => {
  test('Health service and poller: restart in the middle of an incident → not opened twice, and ended by as much proof as ever', () => {
    const before = new Watched(20);
    before.tellTimes(5, model('m1'), 'timeout');
    const after = new Watched(20, before.store, before.nowMs);
    after.tellTimes(5, model('m1'), 'timeout');
    expect(after.only()).toMatchObject({ id: before.only().id, status: 'open' });
    after.tell(model('m1'), 'success');
    expect(after.only().status).toBe('open');
    after.tell(model('m1'), 'success');
    expect(after.only().status).toBe('resolved');
  });

  test('one that ended while nobody watched ends by the first proofs', () => {
    const before = new Watched(20);
    before.tellTimes(3, PROVIDER, 'network');
    const after = new Watched(20, before.store, before.nowMs);
    expect(after.verdicts.get(PROVIDER)?.state).toBe('down');
    after.tellTimes(2, PROVIDER, 'success');
    expect(after.only().status).toBe('resolved');
  });

  test('one that ended just before the restart is reopened', () => {
    const before = new Watched(20);
    before.tellTimes(3, model('m1'), 'timeout');
    before.tellTimes(2, model('m1'), 'success');
    const after = new Watched(20, before.store, before.nowMs);
    after.tellTimes(3, model('m1'), 'timeout');
    expect(after.only().status).toBe('open');
    expect(after.kinds).toContain('reopened');
  });

  test('what had been absorbed is not reopened', () => {
    const before = new Watched(20);
    before.tellTimes(3, model('m1'), 'timeout');
    const absorbed = before.only().id;
    before.tellTimes(3, PROVIDER, 'timeout');
    for (const key of [PROVIDER, model('m1')]) before.tellTimes(2, key, 'success');
    const after = new Watched(20, before.store, before.nowMs);
    after.tellTimes(3, model('m1'), 'timeout');
    expect(after.kinds).toEqual(['opened']);
    expect(after.store.get(absorbed)?.status).toBe('resolved');
  });

  test('a crash between widening and absorbing leaves nothing double', () => {
    const before = new Watched(20);
    before.tellTimes(3, model('m1'), 'timeout');
    const alone = before.only();
    before.tellTimes(3, PROVIDER, 'timeout');
    const torn = new Map(before.store).set(alone.id, alone);
    const after = new Watched(20, torn, before.nowMs);
    after.keep(after.book.reconcile(() => true, after.nowMs));
    expect(after.book.active()).toMatchObject([{ scope: 'provider', models: ['m1'] }]);
    expect(after.only()).toMatchObject({ scope: 'provider' });
    for (const key of [PROVIDER, model('m1')]) after.tellTimes(2, key, 'success');
    expect(after.book.active()).toEqual([]);
  });

  test('targets that have left the config take their incidents with them', () => {
    const before = new Watched(20);
    for (const name of ['m1', 'm2']) before.tellTimes(3, model(name), 'timeout');
    const after = new Watched(20, before.store, before.nowMs);
    after.keep(after.book.reconcile(({ model: name }) => name !== 'm1', after.nowMs));
    expect(after.book.active()).toMatchObject([{ models: ['m2'] }]);
    after.keep(after.book.forget(model('m2'), after.nowMs));
    expect(after.stored().map(({ status }) => status)).toEqual(['resolved', 'resolved']);
  });
});
