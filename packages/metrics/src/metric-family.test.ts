import { describe, expect, it, vi } from 'vitest';
import { createRegistry, type Registry } from './registry.ts';
import { parseExposition } from './test-support/parse-exposition.ts';

const help = 'Help.';

async function seriesOf(registry: Registry, name: string): Promise<Readonly<Record<string, string>>[]> {
  const text = (await registry.render()).toString();
  const family = parseExposition(text, 'text').find((candidate) => candidate.name === name);
  return (family?.samples ?? []).map(({ labels }) => labels);
}

function readValue(
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = JSON.stringify(labels);
  return [...registry.samples(name)].find((sample) => JSON.stringify(sample.labels) === wanted)?.value;
}

describe('children', () => {
  it('are the same object for the same label set, whatever the order of the labels', () => {
    const counter = createRegistry().counter({ name: 'a_total', help, labels: ['x', 'y'] });
    expect(counter.labels({ x: '1', y: '2' })).toBe(counter.labels({ y: '2', x: '1' }));
    expect(counter.labels({ x: '1', y: '2' })).not.toBe(counter.labels({ x: '2', y: '1' }));
  });

  it('are never shared by label sets that join to the same text', () => {
    const gauge = createRegistry().gauge({ name: 'a', help, labels: ['x', 'y'] });
    const sets = [
      ['a', 'b'],
      ['a,', 'b'],
      ['a', ',b'],
      ['ab', ''],
      ['', 'ab'],
      ['1:a', 'b'],
      ['1', ':a1:b'],
      ['a1:b', ''],
      ['a\u0000', 'b'],
      ['a', '\u0000b'],
      ['"', '\\'],
      ['\\', '"'],
    ] as const;
    expect(new Set(sets.map(([x, y]) => gauge.labels({ x, y }))).size).toBe(sets.length);
  });

  it('are updated without touching a map', () => {
    const registry = createRegistry();
    const counter = registry.counter({ name: 'a_total', help, labels: ['x'] }).labels({ x: '1' });
    const histogram = registry
      .histogram({ name: 'b', help, labels: ['x'], buckets: [1, 2] })
      .labels({ x: '1' });
    const spies = (['get', 'set', 'has'] as const).map((method) => vi.spyOn(Map.prototype, method));
    counter.inc();
    counter.inc(2, { traceId: 't' });
    histogram.observe(1.5, { traceId: 't' });
    const calls = spies.map((spy) => spy.mock.calls.length);
    vi.restoreAllMocks();
    expect(calls).toEqual([0, 0, 0]);
  });

  it('of a metric without labels are in the exposition from the start', async () => {
    const registry = createRegistry();
    registry.counter({ name: 'a_total', help });
    expect(await seriesOf(registry, 'a_total')).toEqual([{}]);
  });
});

describe('label values that the types refuse', () => {
  const hostile = {
    toString() {
      throw new Error('no');
    },
  };
  it.each<[string, unknown, string]>([
    ['null', null, ''],
    ['undefined', undefined, ''],
    ['a number', 5, '5'],
    ['a BigInt', 5n, '5'],
    ['a boolean', false, 'false'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an array with a line feed and quotes', ['x"} 1\nforged_total 9', 'b'], 'x"} 1\nforged_total 9,b'],
    ['an object', {}, '[object Object]'],
    ['an object without a prototype', Object.create(null), 'unprintable'],
    ['an object whose toString throws', hostile, 'unprintable'],
    ['an array that holds a symbol', [Symbol('s')], 'unprintable'],
    ['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
  ])('%s becomes a safe string', async (_, value, text) => {
    const registry = createRegistry();
    registry
      .gauge({ name: 'a', help, labels: ['x'] })
      .labels({ x: value as string })
      .set(1);
    expect(await seriesOf(registry, 'a')).toEqual([{ x: text }]);
  });

  it('are one label set where they differ only in what UTF-8 cannot carry', () => {
    const gauge = createRegistry().gauge({ name: 'a', help, labels: ['x'] });
    expect(gauge.labels({ x: '\ud800' })).toBe(gauge.labels({ x: '\udc01' }));
  });

  it('do not throw where there are no labels at all or a getter fails', async () => {
    const registry = createRegistry();
    const gauge = registry.gauge({ name: 'a', help, labels: ['x', 'constructor'] });
    const failing = {
      get x(): string {
        throw new Error('no');
      },
    };
    for (const labels of [null, undefined, 5, {}, failing, { unknown: 'label' }]) {
      gauge.labels(labels as never).set(1);
    }
    expect(await seriesOf(registry, 'a')).toEqual([
      { x: '', constructor: '' },
      { x: 'unprintable', constructor: '' },
    ]);
  });
});

describe('the cap', () => {
  it('keeps maxSeries label sets, sends the rest to one child whose labels are all "other", and counts them', async () => {
    const registry = createRegistry();
    const counter = registry.counter({ name: 'a_total', help, labels: ['x', 'y'], maxSeries: 2 });
    const drops = () => readValue(registry, 'gatewayz_metrics_series_dropped_total', { metric: 'a_total' });
    expect(drops()).toBe(0);
    for (const x of ['1', '2', '3', '4', '1']) {
      counter.labels({ x, y: 'y' }).inc();
    }
    expect(readValue(registry, 'a_total', { x: '1', y: 'y' })).toBe(2);
    expect(readValue(registry, 'a_total', { x: 'other', y: 'other' })).toBe(2);
    expect(await seriesOf(registry, 'a_total')).toHaveLength(3);
    expect(counter.labels({ x: '5', y: '' })).toBe(counter.labels({ x: 'other', y: 'other' }));
    expect(drops()).toBe(3);
  });

  it('is 2,000 by default and the registry can set another', async () => {
    for (const [options, cap] of [[{}, 2000] as const, [{ defaultMaxSeries: 7 }, 7] as const]) {
      const registry = createRegistry(options);
      const gauge = registry.gauge({ name: 'a', help, labels: ['x'] });
      for (let x = 0; x < 2500; x += 1) {
        gauge.labels({ x: `${x}` }).set(x);
      }
      expect(await seriesOf(registry, 'a')).toHaveLength(cap + 1);
    }
  });

  it('is not filled by a label set that is "other" by its own right, and has room again after a removal', () => {
    const registry = createRegistry();
    const gauge = registry.gauge({ name: 'a', help, labels: ['x'], maxSeries: 1 });
    gauge.labels({ x: 'other' }).set(1);
    gauge.labels({ x: '1' }).set(1);
    gauge.labels({ x: '2' }).set(9);
    expect(readValue(registry, 'a', { x: 'other' })).toBe(9);
    gauge.remove({ x: '1' });
    gauge.labels({ x: '2' }).set(2);
    expect(readValue(registry, 'a', { x: '2' })).toBe(2);
  });

  it('holds for the length of a value: over 256 units that value alone is "other", and is counted', () => {
    const registry = createRegistry();
    const gauge = registry.gauge({ name: 'a', help, labels: ['x', 'y'] });
    const longest = 'v'.repeat(256);
    gauge.labels({ x: longest, y: 'y' }).set(1);
    gauge.labels({ x: `${longest}1`, y: 'y' }).set(2);
    expect(gauge.labels({ x: `${longest}2`, y: 'y' })).toBe(gauge.labels({ x: 'other', y: 'y' }));
    expect([...registry.samples('a')].map(({ labels, value }) => [labels.x, labels.y, value])).toEqual([
      [longest, 'y', 1],
      ['other', 'y', 2],
    ]);
    expect(readValue(registry, 'gatewayz_metrics_series_dropped_total', { metric: 'a' })).toBe(2);
    expect(gauge.remove({ x: `${longest}1`, y: 'y' })).toBe(false);
  });
});

describe('removal', () => {
  it('takes a child out, and one that is still held does not come back', async () => {
    const registry = createRegistry();
    const counter = registry.counter({ name: 'a_total', help, labels: ['x'] });
    const held = counter.labels({ x: '1' });
    held.inc(5);
    expect(counter.remove({ x: '1' })).toBe(true);
    expect(counter.remove({ x: '1' })).toBe(false);
    held.inc();
    expect(await seriesOf(registry, 'a_total')).toEqual([]);
    counter.labels({ x: '1' }).inc();
    expect(readValue(registry, 'a_total', { x: '1' })).toBe(1);
  });

  it('clears all children', async () => {
    const registry = createRegistry();
    const gauge = registry.gauge({ name: 'a', help, labels: ['x'] });
    gauge.labels({ x: '1' }).set(1);
    gauge.labels({ x: '2' }).set(1);
    gauge.clear();
    expect(await seriesOf(registry, 'a')).toEqual([]);
  });

  it('hides a metric without labels until it is set again', async () => {
    const registry = createRegistry();
    const gauge = registry.gauge({ name: 'a', help });
    gauge.set(5);
    expect(gauge.remove()).toBe(true);
    expect(await seriesOf(registry, 'a')).toEqual([]);
    gauge.set(6);
    expect(readValue(registry, 'a')).toBe(6);
    gauge.clear();
    expect(readValue(registry, 'a')).toBeUndefined();
    gauge.inc();
    expect(readValue(registry, 'a')).toBe(1);
  });
});
