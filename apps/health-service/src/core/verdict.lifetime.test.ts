import { describe, expect, test } from 'vitest';
import type { MaintenanceWindow } from './maintenance.ts';
import { providerKey } from './target-key.ts';
import { MINUTE_MS, MODEL, Told } from './test-support/told.ts';
import type { Incident } from './types.ts';

const PROVIDER = providerKey('p');

describe('a model and its provider', () => {
  test('a model that answers proves that its provider is alive', () => {
    const told = new Told();
    told.book.track(PROVIDER, 0);
    for (let index = 0; index < 3; index++) told.tell('network', { key: PROVIDER, kind: 'models' });
    expect(told.book.get(PROVIDER)?.state).toBe('down');
    told.tellAll('success', 'success');
    expect(told.book.get(PROVIDER)?.state).toBe('healthy');
  });

  test('a model that fails says nothing of its provider', () => {
    const told = new Told();
    told.book.track(PROVIDER, 0);
    told.tellAll('timeout', 'timeout', 'timeout');
    expect(told.book.get(PROVIDER)?.state).toBe('unknown');
  });

  test('a list that names a failing model does not raise it', () => {
    const told = new Told();
    told.tellAll('timeout', 'timeout', 'timeout');
    for (let index = 0; index < 5; index++) told.tell('success', { kind: 'models' });
    expect(told.state()).toBe('down');
  });
});

describe('maintenance', () => {
  const window: MaintenanceWindow = {
    kind: 'absolute',
    fromEpochMs: 2 * MINUTE_MS,
    toEpochMs: 10 * MINUTE_MS,
  };

  test('in a window nobody is blamed, and failures in it do not count after it', () => {
    const told = new Told(MODEL, [window]);
    told.tell('success');
    expect(told.tell('network')).toMatchObject([{ from: 'healthy', to: 'maintenance' }]);
    for (let index = 0; index < 7; index++) told.tell('network');
    expect(told.state()).toBe('maintenance');
    told.tell('network');
    expect(told.state()).toBe('healthy');
  });

  test('windows begin and end without a result', () => {
    const told = new Told(MODEL, [window]);
    told.tell('success');
    const never = (): number => Number.POSITIVE_INFINITY;
    expect(told.book.refresh(2 * MINUTE_MS, never)).toMatchObject([{ to: 'maintenance' }]);
    expect(told.book.refresh(3 * MINUTE_MS, never)).toEqual([]);
    expect(told.book.refresh(10 * MINUTE_MS, never)).toMatchObject([{ from: 'maintenance', to: 'healthy' }]);
  });
});

describe('age', () => {
  test('evidence that is too old leaves a target unknown, and it stands as before when there is new', () => {
    const told = new Told();
    told.tellAll('network', 'network', 'network');
    expect(told.book.refresh(told.nowMs + 1001, () => 1000)).toMatchObject([{ from: 'down', to: 'unknown' }]);
    expect(told.tellAll('success')).toBe('down');
    expect(told.tellAll('success')).toBe('healthy');
  });

  test('Health service and poller: clock jumps → set back, a clock does not keep old evidence young for ever', () => {
    const told = new Told();
    told.nowMs = 1_000_000_000;
    told.tell('success');
    told.book.refresh(1000, () => 5000);
    expect(told.book.refresh(7000, () => 5000)).toMatchObject([{ to: 'unknown' }]);
  });
});

describe('restart', () => {
  const incident = {
    type: 'timeout',
    consecutiveFailures: 7,
    openedAtMs: 5,
    updatedAtMs: 50,
  } as Incident;

  test('a target of an open incident is down from the start and needs two successes', () => {
    const told = new Told();
    told.book.restore(incident, MODEL);
    expect(told.book.get(MODEL)).toMatchObject({ state: 'down', sinceMs: 5, consecutiveFailures: 7 });
    expect(told.tellAll('success')).toBe('down');
    expect(told.tellAll('success')).toBe('healthy');
  });

  test('so is one that refused us', () => {
    const told = new Told();
    told.book.restore({ ...incident, type: 'credentials' }, MODEL);
    expect(told.state()).toBe('degraded: credentials');
  });
});
