import { describe, expect, it } from 'vitest';
import { createRegistry } from './registry.ts';
import { linesOf } from './test-support/lines-of.ts';

describe('a histogram', () => {
  it('prints cumulative buckets with float bounds, then sum and count', async () => {
    const registry = createRegistry();
    const histogram = registry.histogram({
      name: 'a_seconds',
      help: 'h',
      labels: ['x'],
      buckets: [0.5, 1, 2.5],
    });
    for (const value of [0, 0.5, 0.75, 1, 2, 9]) {
      histogram.labels({ x: '1' }).observe(value);
    }
    expect(await linesOf(registry, 'a_seconds')).toEqual([
      'a_seconds_bucket{x="1",le="0.5"} 2.0',
      'a_seconds_bucket{x="1",le="1.0"} 4.0',
      'a_seconds_bucket{x="1",le="2.5"} 5.0',
      'a_seconds_bucket{x="1",le="+Inf"} 6.0',
      'a_seconds_sum{x="1"} 13.25',
      'a_seconds_count{x="1"} 6.0',
    ]);
  });

  it('needs no labels, and takes a trailing Infinity among its buckets', async () => {
    const registry = createRegistry();
    registry.histogram({ name: 'a', help: 'h', buckets: [1e-5, 1e6, Number.POSITIVE_INFINITY] }).observe(3);
    expect(await linesOf(registry, 'a')).toEqual([
      'a_bucket{le="1e-05"} 0.0',
      'a_bucket{le="1e+06"} 1.0',
      'a_bucket{le="+Inf"} 1.0',
      'a_sum 3.0',
      'a_count 1.0',
    ]);
  });

  it('finds the bucket of every value among many bounds', () => {
    const bounds = Array.from({ length: 37 }, (_, index) => index * index);
    for (const value of [0, 0.5, 1, 1.5, 36, 37, 1295, 1296, 1297, 5000]) {
      const registry = createRegistry();
      registry.histogram({ name: 'a', help: 'h', buckets: bounds }).observe(value);
      const first = [...registry.samples('a')].find((sample) => sample.value === 1)?.labels.le;
      expect(first).toBe(`${bounds.find((bound) => value <= bound)?.toFixed(1) ?? '+Inf'}`);
    }
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '5', 5n, undefined, null])(
    'ignores %s and counts the refusal',
    async (value) => {
      const registry = createRegistry();
      const histogram = registry.histogram({ name: 'a', help: 'h', buckets: [1] });
      histogram.observe(0.5);
      histogram.observe(value as number);
      expect(await linesOf(registry, 'a_')).toEqual([
        'a_bucket{le="1.0"} 1.0',
        'a_bucket{le="+Inf"} 1.0',
        'a_sum 0.5',
        'a_count 1.0',
      ]);
      expect(await linesOf(registry, 'gatewayz_metrics_refused_total')).toEqual([
        'gatewayz_metrics_refused_total{metric="a"} 1.0',
      ]);
    },
  );

  it('keeps one exemplar per bucket and shows it in OpenMetrics only', async () => {
    const registry = createRegistry();
    const histogram = registry.histogram({ name: 'a', help: 'h', buckets: [1, 2] });
    histogram.observe(0.5, { traceId: 'one' });
    histogram.observe(0.25, { traceId: 'two' });
    histogram.observe(9, { traceId: 'three' });
    const lines = await linesOf(registry, 'a_', 'openmetrics');
    expect(lines.map((line) => line.replace(/ \d+\.\d{3}$/, ' now'))).toEqual([
      'a_bucket{le="1.0"} 2.0 # {trace_id="two"} 0.25 now',
      'a_bucket{le="2.0"} 2.0',
      'a_bucket{le="+Inf"} 3.0 # {trace_id="three"} 9.0 now',
      'a_sum 9.75',
      'a_count 3.0',
    ]);
    expect((await linesOf(registry, 'a_')).join()).not.toContain('#');
  });

  it('is read sample by sample without a rendering', () => {
    const registry = createRegistry();
    const histogram = registry.histogram({ name: 'a', help: 'h', labels: ['x'], buckets: [1] });
    histogram.labels({ x: '1' }).observe(0.5);
    histogram.labels({ x: '1' }).observe(5);
    expect([...registry.samples('a')]).toEqual([
      { name: 'a_bucket', labels: { x: '1', le: '1.0' }, value: 1 },
      { name: 'a_bucket', labels: { x: '1', le: '+Inf' }, value: 2 },
      { name: 'a_sum', labels: { x: '1' }, value: 5.5 },
      { name: 'a_count', labels: { x: '1' }, value: 2 },
    ]);
  });
});
