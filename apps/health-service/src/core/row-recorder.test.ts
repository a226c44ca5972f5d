import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MaintenanceWindow } from './maintenance.ts';
import { MINUTE_MS, MODEL, recorderOf, sumOf, tell } from './test-support/recorded.ts';

describe('counting', () => {
  test('results of one minute are one row, with their latencies', () => {
    const recorder = recorderOf();
    tell(recorder, 5, 'success');
    tell(recorder, 5.5, 'timeout', MODEL, { latencyMs: 3000.4 });
    tell(recorder, 5.9, 'rate_limited', MODEL, { latencyMs: 99_999 });
    tell(recorder, 5.9, 'caller');
    expect(recorder.take()).toMatchObject([
      {
        providerName: 'p',
        modelName: 'm',
        minuteEpochMs: 5 * MINUTE_MS,
        ok: 1,
        failed: 1,
        unknown: 2,
        maintenance: 0,
        latencySumMs: 3100,
        latencyMaxMs: 3000,
      },
    ]);
  });

  test('what has been taken is not given again', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    expect(recorder.take()).toHaveLength(1);
    expect(recorder.take()).toEqual([]);
  });

  test('a latency that is no number spoils no row', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success', MODEL, { latencyMs: Number.NaN });
    tell(recorder, 0, 'success', MODEL, { latencyMs: -5 });
    expect(sumOf(recorder.take())).toMatchObject({ ok: 2, latencySumMs: 0, latencyMaxMs: 0 });
  });
});

describe('time', () => {
  test('each result vouches for its half of the time between two', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    tell(recorder, 10, 'timeout');
    tell(recorder, 12, 'timeout');
    tell(recorder, 16, 'success');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 7 * MINUTE_MS, downMs: 9 * MINUTE_MS });
  });

  test('a closer look at a failing target does not bend its uptime', () => {
    const recorder = recorderOf();
    for (let minute = 0; minute <= 600; minute++) {
      const isDown = minute >= 295 && minute < 355;
      const isWatched = minute >= 300 && isDown;
      if (isWatched || minute % 10 === 0) tell(recorder, minute, isDown ? 'timeout' : 'success');
    }
    const { upMs, downMs } = sumOf(recorder.take());
    expect(downMs / (upMs + downMs)).toBeCloseTo(60 / 600, 2);
  });

  test('Health service and poller: a gap → results too far apart leave the time between them unknown', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    tell(recorder, 600, 'timeout');
    tell(recorder, 601, 'timeout');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 7.5 * MINUTE_MS, downMs: 8.5 * MINUTE_MS });
  });

  test('refusals and wrong probes vouch for nothing', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'success');
    tell(recorder, 5, 'rate_limited');
    tell(recorder, 6, 'caller');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 0, downMs: 0 });
  });

  test('a list that names a model does not end its time down', () => {
    const recorder = recorderOf();
    tell(recorder, 0, 'timeout');
    tell(recorder, 5, 'success', MODEL, { kind: 'models' });
    tell(recorder, 10, 'success');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 5 * MINUTE_MS, downMs: 5 * MINUTE_MS, unknown: 1 });
  });

  test('Health service and poller: clock jumps → set back, a clock credits no time twice and none below zero', () => {
    const times = fc.array(fc.record({ minute: fc.nat(500), isUp: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(times, (results) => {
        const recorder = recorderOf();
        for (const { minute, isUp } of results) tell(recorder, minute, isUp ? 'success' : 'timeout');
        const { upMs, downMs } = sumOf(recorder.take());
        let forwardMs = 0;
        for (const [index, { minute }] of results.entries()) {
          forwardMs += Math.max(0, minute - (results[index - 1]?.minute ?? minute)) * MINUTE_MS;
        }
        expect(upMs).toBeGreaterThanOrEqual(0);
        expect(downMs).toBeGreaterThanOrEqual(0);
        expect(upMs + downMs).toBeLessThanOrEqual(forwardMs);
      }),
    );
  });
});

describe('maintenance', () => {
  test('planned time is neither up nor down, and results in it are counted apart', () => {
    const window: MaintenanceWindow = {
      kind: 'absolute',
      fromEpochMs: 10 * MINUTE_MS,
      toEpochMs: 20 * MINUTE_MS,
    };
    const recorder = recorderOf([window]);
    tell(recorder, 5, 'success');
    tell(recorder, 12, 'network');
    tell(recorder, 22, 'success');
    tell(recorder, 30, 'success');
    expect(sumOf(recorder.take())).toMatchObject({
      upMs: 8 * MINUTE_MS,
      downMs: 0,
      ok: 3,
      failed: 0,
      maintenance: 1,
    });
  });

  test('a window between two results is cut out of the time between them', () => {
    const window: MaintenanceWindow = {
      kind: 'absolute',
      fromEpochMs: 2 * MINUTE_MS,
      toEpochMs: 4 * MINUTE_MS,
    };
    const recorder = recorderOf([window]);
    tell(recorder, 0, 'success');
    tell(recorder, 10, 'success');
    expect(sumOf(recorder.take())).toMatchObject({ upMs: 8 * MINUTE_MS, downMs: 0 });
  });
});
