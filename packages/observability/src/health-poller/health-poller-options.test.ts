import { createManualClock, type ManualClock } from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import type { HealthPollerOptions } from './health-poller-options.ts';
import {
  createPollerRig,
  createScriptedAnswers,
  type PollerRig,
  type ScriptedAnswers,
} from './test-support/poller-rig.ts';

function createRig(
  options: Partial<HealthPollerOptions> = {},
): PollerRig & ScriptedAnswers & { readonly clock: ManualClock } {
  const clock = createManualClock();
  const scripted = createScriptedAnswers(() => clock.now());
  return { clock, ...scripted, ...createPollerRig(clock, { fetchPart: scripted.fetchPart, ...options }) };
}

describe('options', () => {
  test.each([0, -1, Number.NaN, 2 ** 30 + 1])('an interval of %d ms is refused', (intervalMs) => {
    expect(() => createRig({ intervalMs })).toThrow(`not ${intervalMs}`);
  });

  test.each([0, -1, Number.NaN, 30_000])(
    'a timeout of %d ms is refused at an interval of 30 s',
    (timeoutMs) => {
      expect(() => createRig({ timeoutMs })).toThrow(`not ${timeoutMs}`);
    },
  );

  test.each([
    [30_000, 10_000],
    [5_000, 4_000],
  ])('by default, at an interval of %d ms, the timeout is %d ms', async (intervalMs, timeoutMs) => {
    const { poller, answers, clock } = createRig({ intervalMs });
    answers['/status'] = 'hang';
    const poll = poller.pollOnce();
    await clock.advanceAsync(timeoutMs);
    expect((await poll)[1]).toMatchObject({ detail: `no whole answer within ${timeoutMs} ms` });
  });

  test.each(['', 'localhost:8001', 'ftp://127.0.0.1', '/health', 'http://'])(
    'the URL %j is refused',
    (url) => {
      expect(() => createRig({ url })).toThrow(TypeError);
    },
  );

  test('a URL that is refused is not shown, for it may hold a password', () => {
    expect(() => createRig({ url: 'ftp://user:canary@host' })).toThrow(/^(?!.*canary)/);
  });
});
