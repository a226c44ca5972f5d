import { describe, expect, test } from 'vitest';
import type { MaintenanceWindow } from './maintenance.ts';
import { MINUTE_MS, MODEL, PROVIDER, recorderOf, sumOf, tell } from './test-support/recorded.ts';

describe('a provider and its models', () => {
  test("a provider's outage is its models' time down, although none of them was probed in it", () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success', PROVIDER);
    tell(recorder, 0, 'success');
    for (const minute of [2, 3, 4, 5, 6, 7]) tell(recorder, minute, 'network', PROVIDER);
    tell(recorder, 8, 'success', PROVIDER);
    tell(recorder, 10, 'success');
    const rows = recorder.take();
    expect(sumOf(rows, '')).toMatchObject({ downMs: 6.5 * MINUTE_MS });
    expect(sumOf(rows)).toMatchObject({ upMs: 3.5 * MINUTE_MS, downMs: 6.5 * MINUTE_MS });
  });

  test('that holds too where the model was left alone for longer than results vouch for', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    for (let minute = 5; minute <= 100; minute += 5) tell(recorder, minute, 'network', PROVIDER);
    tell(recorder, 105, 'success', PROVIDER);
    tell(recorder, 105, 'success');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 5 * MINUTE_MS, downMs: 100 * MINUTE_MS });
  });

  test('an outage that ends in planned work is not drawn through it', () => {
    const window: MaintenanceWindow = {
      kind: 'absolute',
      fromEpochMs: 10 * MINUTE_MS,
      toEpochMs: 20 * MINUTE_MS,
      provider: 'p',
    };
    const recorder = recorderOf([window]);
    tell(recorder, 0, 'success', { provider: 'p', model: 'free' });
    for (const minute of [5, 6, 7, 12, 21]) tell(recorder, minute, 'network', PROVIDER);
    const rows = recorder.take();
    expect(sumOf(rows, '')).toMatchObject({ downMs: 4.5 * MINUTE_MS, maintenance: 1 });
  });

  test('failures beside planned work are not joined through it to an outage', () => {
    const window: MaintenanceWindow = {
      kind: 'absolute',
      fromEpochMs: 10 * MINUTE_MS,
      toEpochMs: 20 * MINUTE_MS,
      provider: 'p',
      model: '',
    };
    const recorder = recorderOf([window]);
    tell(recorder, 0, 'success');
    for (const minute of [8, 9, 12, 21, 22]) tell(recorder, minute, 'network', PROVIDER);
    tell(recorder, 30, 'timeout');
    tell(recorder, 31, 'success', PROVIDER);
    tell(recorder, 31, 'timeout');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 7.5 * MINUTE_MS, downMs: 8.5 * MINUTE_MS });
  });

  test('a failure or two of its list are not an outage of its models', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    for (const minute of [2, 3]) tell(recorder, minute, 'provider_error', PROVIDER);
    tell(recorder, 4, 'success', PROVIDER);
    tell(recorder, 10, 'success');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 10 * MINUTE_MS, downMs: 0 });
  });

  test('whether a model fell with its provider is left open until it is known that it did not', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    for (const minute of [2, 3]) tell(recorder, minute, 'network', PROVIDER);
    tell(recorder, 10, 'timeout');
    tell(recorder, 11, 'timeout');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 0, downMs: 1 * MINUTE_MS });
    tell(recorder, 12, 'success', PROVIDER);
    tell(recorder, 12, 'timeout');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 5 * MINUTE_MS, downMs: 6 * MINUTE_MS });
  });

  test('a model that falls and rises with its provider was down for exactly as long as that was', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    tell(recorder, 10, 'success', PROVIDER);
    tell(recorder, 12, 'timeout');
    for (const minute of [12, 13, 14, 15]) tell(recorder, minute, 'network', PROVIDER);
    tell(recorder, 13, 'timeout');
    tell(recorder, 17, 'success', PROVIDER);
    tell(recorder, 22, 'success');
    const rows = recorder.take();
    expect(sumOf(rows, '')).toMatchObject({ downMs: 5 * MINUTE_MS });
    expect(sumOf(rows)).toMatchObject({ upMs: 17 * MINUTE_MS, downMs: 5 * MINUTE_MS });
  });

  test('one whose fall begins planned work keeps its time before', () => {
    const window: MaintenanceWindow = {
      kind: 'absolute',
      fromEpochMs: 11 * MINUTE_MS,
      toEpochMs: 20 * MINUTE_MS,
    };
    const recorder = recorderOf([window]);
    tell(recorder, 0, 'success');
    tell(recorder, 10, 'timeout');
    tell(recorder, 12, 'timeout');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 5 * MINUTE_MS, downMs: 5 * MINUTE_MS });
  });

  test('models that answer vouch for their provider, whose list is broken', () => {
    const recorder = recorderOf();
    for (let minute = 0; minute < 100; minute++) {
      tell(recorder, minute, 'success');
      tell(recorder, minute + 0.5, 'provider_error', PROVIDER);
    }
    const rows = recorder.take();
    expect(sumOf(rows)).toMatchObject({ upMs: 99 * MINUTE_MS, downMs: 0 });
    expect(sumOf(rows, '').ok).toBe(0);
    expect(sumOf(rows, '').upMs).toBeGreaterThan(40 * MINUTE_MS);
  });

  test('a target that has left begins anew', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    recorder.forget(MODEL);
    tell(recorder, 5, 'success');
    expect(sumOf(recorder.take())).toMatchObject({ ok: 2, upMs: 0 });
  });
});
