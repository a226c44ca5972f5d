import { describe, expect, it } from 'vitest';
import { MetricDefinitionError } from './metric-definition-error.ts';
import { createRegistry, type Registry } from './registry.ts';

const help = 'Help.';

describe('a metric that is defined wrongly throws and shows what it received', () => {
  const cases: readonly [string, (registry: Registry) => unknown, string, string][] = [
    ['a metric name with a space', (r) => r.gauge({ name: 'a b', help }), 'invalid_name', '"a b"'],
    ['an empty metric name', (r) => r.gauge({ name: '', help }), 'invalid_name', '""'],
    ['a metric name with a line feed', (r) => r.gauge({ name: 'a\n', help }), 'invalid_name', '"a\\n"'],
    ['a counter without _total', (r) => r.counter({ name: 'requests', help }), 'invalid_name', '"requests"'],
    ['a counter that is only _total', (r) => r.counter({ name: '_total', help }), 'invalid_name', '"_total"'],
    ['a help that is no string', (r) => r.gauge({ name: 'a', help: 5 as never }), 'invalid_help', '5'],
    ['a label with a dash', (r) => r.gauge({ name: 'a', help, labels: ['x-y'] }), 'invalid_labels', '"x-y"'],
    ['a label with a colon', (r) => r.gauge({ name: 'a', help, labels: ['x:y'] }), 'invalid_labels', '"x:y"'],
    ['a reserved label', (r) => r.gauge({ name: 'a', help, labels: ['__x'] }), 'invalid_labels', '"__x"'],
    [
      'a label twice',
      (r) => r.gauge({ name: 'a', help, labels: ['x', 'x'] }),
      'invalid_labels',
      '["x", "x"]',
    ],
    [
      'labels as one string',
      (r) => r.gauge({ name: 'a', help, labels: 'x' as never }),
      'invalid_labels',
      '"x"',
    ],
    [
      'le on a histogram',
      (r) => r.histogram({ name: 'a', help, labels: ['le'], buckets: [1] }),
      'invalid_labels',
      '"le"',
    ],
    ['a cap of zero', (r) => r.gauge({ name: 'a', help, maxSeries: 0 }), 'invalid_option', '0'],
    ['a cap that is not whole', (r) => r.gauge({ name: 'a', help, maxSeries: 1.5 }), 'invalid_option', '1.5'],
    ['no buckets', (r) => r.histogram({ name: 'a', help, buckets: [] }), 'invalid_buckets', '[]'],
    [
      'only an infinite bucket',
      (r) => r.histogram({ name: 'a', help, buckets: [Number.POSITIVE_INFINITY] }),
      'invalid_buckets',
      '[Infinity]',
    ],
    [
      'falling buckets',
      (r) => r.histogram({ name: 'a', help, buckets: [2, 1] }),
      'invalid_buckets',
      '[2, 1]',
    ],
    ['a bucket twice', (r) => r.histogram({ name: 'a', help, buckets: [1, 1] }), 'invalid_buckets', '[1, 1]'],
    [
      'a negative bucket',
      (r) => r.histogram({ name: 'a', help, buckets: [-1, 1] }),
      'invalid_buckets',
      '[-1, 1]',
    ],
    [
      'a NaN bucket',
      (r) => r.histogram({ name: 'a', help, buckets: [1, Number.NaN] }),
      'invalid_buckets',
      'NaN',
    ],
    [
      'a bucket that is a string',
      (r) => r.histogram({ name: 'a', help, buckets: ['1' as never] }),
      'invalid_buckets',
      '["1"]',
    ],
    [
      'buckets that are missing',
      (r) => r.histogram({ name: 'a', help } as never),
      'invalid_buckets',
      'undefined',
    ],
  ];

  it.each(cases)('%s', (_, define, code, received) => {
    expect(() => define(createRegistry())).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(received) }),
    );
    expect(() => define(createRegistry())).toThrow(MetricDefinitionError);
  });

  it('a registry with a default cap or a slice size that is not a count', () => {
    expect(() => createRegistry({ defaultMaxSeries: -1 })).toThrow('defaultMaxSeries');
    expect(() => createRegistry({ sliceBytes: Number.NaN })).toThrow('sliceBytes');
  });
});

describe('a name is taken once', () => {
  it.each<[string, (registry: Registry) => unknown, (registry: Registry) => unknown]>([
    ['the same gauge', (r) => r.gauge({ name: 'a', help }), (r) => r.gauge({ name: 'a', help })],
    [
      'the same name in another type',
      (r) => r.gauge({ name: 'a_total', help }),
      (r) => r.counter({ name: 'a_total', help }),
    ],
    [
      'a gauge under the OpenMetrics name of a counter',
      (r) => r.counter({ name: 'a_total', help }),
      (r) => r.gauge({ name: 'a', help }),
    ],
    [
      'a gauge under the count of a histogram',
      (r) => r.histogram({ name: 'a', help, buckets: [1] }),
      (r) => r.gauge({ name: 'a_count', help }),
    ],
    [
      'a histogram over a gauge that is called like its sum',
      (r) => r.gauge({ name: 'a_sum', help }),
      (r) => r.histogram({ name: 'a', help, buckets: [1] }),
    ],
    ['the registry itself', () => undefined, (r) => r.gauge({ name: 'gatewayz_metrics_series', help })],
  ])('%s', (_, first, second) => {
    const registry = createRegistry();
    first(registry);
    expect(() => second(registry)).toThrow(expect.objectContaining({ code: 'duplicate_name' }));
  });

  it('and is free again once its metric is unregistered', () => {
    const registry = createRegistry();
    registry.histogram({ name: 'a', help, buckets: [1] });
    expect(registry.unregister('a')).toBe(true);
    expect(registry.unregister('a')).toBe(false);
    registry.gauge({ name: 'a_count', help });
    expect(registry.names()).toEqual(['a_count']);
  });

  it('while gauges may be called like totals, counts and infos of nothing', () => {
    const registry = createRegistry();
    for (const name of ['a', 'a_total', 'a_count', 'a_info']) {
      registry.gauge({ name, help });
    }
    expect(registry.names()).toHaveLength(4);
  });
});
