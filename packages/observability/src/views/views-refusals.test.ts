import { createManualClock } from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import { startViewsRig as startRig, type ViewsRig } from './test-support/views-rig.ts';
import { VIEWS } from './view-definition.ts';
import { createViews } from './views.ts';
import type { ViewsOptions } from './views-options.ts';

function startViewsRig(options: Partial<ViewsOptions> = {}): Promise<ViewsRig> {
  return startRig(createManualClock(1_000_000), options);
}

describe('what cannot be answered', () => {
  test('an unknown view is 404, and the body names those that there are', async () => {
    const { ask } = await startViewsRig();
    for (const path of ['nonsense', '', 'summary/', 'SUMMARY', 'constructor', '../metrics']) {
      const { status, body } = await ask(path);
      expect(status).toBe(404);
      expect(JSON.parse(body.toString()).error).toMatchObject({
        type: 'invalid_request_error',
        param: null,
        code: 'unknown_view',
        message: expect.stringContaining(VIEWS.join(', ')),
      });
    }
  });

  test.each([
    ['summary', 'window=2h', 'window'],
    ['all', 'model=', 'model'],
    ['docs', 'colour=red', 'colour'],
    ['system', 'provider=groq', 'provider'],
  ])('%s?%s is 400 and names the parameter', async (view, query, param) => {
    const { ask } = await startViewsRig();
    const { status, body } = await ask(view, query);
    expect(status).toBe(400);
    expect(JSON.parse(body.toString()).error).toMatchObject({
      type: 'invalid_request_error',
      param,
      code: 'invalid_parameter',
    });
  });

  test('a registry that throws is a plain 500, told to the listener', async () => {
    const { ask, errors } = await startViewsRig({
      registry: {
        *samples() {
          yield { name: 'x', labels: {}, value: 1 };
          throw new Error('secret detail');
        },
      },
    });
    const { status, body } = await ask('summary');
    expect([status, body.toString().includes('secret')]).toEqual([500, false]);
    expect(errors).toContainEqual(new Error('secret detail'));
  });

  test.each([
    [{ sampleIntervalMs: 1 }, RangeError],
    [{ prometheus: { url: 'ftp://localhost' } }, TypeError],
    [{ prometheus: { url: 'nonsense' } }, TypeError],
    [{ prometheus: { url: 'http://localhost', timeoutMs: 5001 } }, RangeError],
    [{ prometheus: { url: 'http://localhost', selector: '} or up' } }, TypeError],
  ])('options %j are refused', (options, error) => {
    const registry = { *samples() {} };
    const rest = { registry, prometheus: null, now: () => 0, epochNow: () => 0 };
    expect(() => createViews({ ...rest, ...options })).toThrow(error);
  });
});
