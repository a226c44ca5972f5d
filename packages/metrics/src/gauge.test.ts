import { describe, expect, it } from 'vitest';
import { createRegistry } from './registry.ts';
import { linesOf } from './test-support/lines-of.ts';

describe('a gauge', () => {
  it('is set, raised and lowered', async () => {
    const registry = createRegistry();
    const gauge = registry.gauge({ name: 'a', help: 'h', labels: ['x'] }).labels({ x: '1' });
    gauge.set(5);
    gauge.inc();
    gauge.inc(0.5);
    gauge.dec(2);
    gauge.dec();
    expect(await linesOf(registry, 'a')).toEqual(['a{x="1"} 3.5']);
  });

  it.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [-0, '-0.0'],
    [1e-5, '1e-05'],
  ])('shows %f as %s', async (value, text) => {
    const registry = createRegistry();
    registry.gauge({ name: 'a', help: 'h' }).set(value);
    expect(await linesOf(registry, 'a')).toEqual([`a ${text}`]);
  });

  it.each(['5', 5n, null, {}, Symbol('s')])(
    'ignores what is not a number and counts the refusal',
    async (value) => {
      const registry = createRegistry();
      const gauge = registry.gauge({ name: 'a', help: 'h' });
      gauge.set(1);
      gauge.set(value as number);
      gauge.inc(value as number);
      gauge.dec(value as number);
      expect(await linesOf(registry, 'a')).toEqual(['a 1.0']);
      expect(await linesOf(registry, 'gatewayz_metrics_refused_total')).toEqual([
        'gatewayz_metrics_refused_total{metric="a"} 3.0',
      ]);
    },
  );
});

describe('an info', () => {
  it('is a gauge of value 1 in text and an info in OpenMetrics where its name ends in _info', async () => {
    const registry = createRegistry();
    registry.info({ name: 'build_info', help: 'h', labels: ['version'] }).set({ version: '1' });
    expect(await linesOf(registry, '# TYPE build')).toEqual(['# TYPE build_info gauge']);
    expect(await linesOf(registry, '# TYPE build', 'openmetrics')).toEqual(['# TYPE build info']);
    for (const format of ['text', 'openmetrics'] as const) {
      expect(await linesOf(registry, 'build', format)).toEqual(['build_info{version="1"} 1.0']);
    }
  });

  it('is a gauge in both formats under another name', async () => {
    const registry = createRegistry();
    const build = registry.info({ name: 'build', help: 'h', labels: ['version'] });
    build.set({ version: '1' });
    build.clear();
    build.set({ version: '2' });
    expect(await linesOf(registry, '# TYPE build', 'openmetrics')).toEqual(['# TYPE build gauge']);
    expect(await linesOf(registry, 'build', 'openmetrics')).toEqual(['build{version="2"} 1.0']);
  });

  it('leaves a gauge whose name ends in _info a gauge', async () => {
    const registry = createRegistry();
    registry
      .gauge({ name: 'fastapi_app_info', help: 'h', labels: ['app_name'] })
      .labels({ app_name: 'a' })
      .set(1);
    for (const format of ['text', 'openmetrics'] as const) {
      expect(await linesOf(registry, '# TYPE fastapi', format)).toEqual(['# TYPE fastapi_app_info gauge']);
      expect(await linesOf(registry, 'fastapi', format)).toEqual(['fastapi_app_info{app_name="a"} 1.0']);
    }
  });
});
