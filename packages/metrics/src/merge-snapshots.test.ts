import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { MergeRule, MergeRules } from './merge-rule.ts';
import { keepCounts, mergeSnapshots } from './merge-snapshots.ts';
import { createRegistry, type Registry } from './registry.ts';
import type { RegistrySnapshot } from './snapshot.ts';

const help = 'Help.';
const exemplar = { traceId: 'a'.repeat(32) };

/** One process's registry, counted into by `count`. */
async function snapshotOf(count: (registry: Registry) => void): Promise<RegistrySnapshot> {
  const registry = createRegistry({ selfMetrics: false });
  count(registry);
  // As it comes out of a channel between processes.
  return deserialize(serialize(await registry.snapshot())) as RegistrySnapshot;
}

/** What is shown of several processes, the first of which leads. */
function show(snapshots: readonly RegistrySnapshot[], rules: MergeRules = {}): Registry {
  const registry = createRegistry({ selfMetrics: false });
  const parts = snapshots.map((snapshot, index) => ({ snapshot, isLeader: index === 0 }));
  registry.restore(mergeSnapshots(parts, rules));
  return registry;
}

async function linesOf(registry: Registry, format: 'text' | 'openmetrics' = 'text'): Promise<string[]> {
  const text = (await registry.render({ format })).toString();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** One gauge `a{x=…}` per process, by label value. */
function gauges(...processes: readonly Readonly<Record<string, number>>[]): Promise<RegistrySnapshot[]> {
  return Promise.all(
    processes.map((values) =>
      snapshotOf((registry) => {
        const gauge = registry.gauge({ name: 'a', help, labels: ['x'] });
        for (const [x, value] of Object.entries(values)) gauge.labels({ x }).set(value);
      }),
    ),
  );
}

describe('a registry that takes over a snapshot', () => {
  const fill = (registry: Registry): void => {
    registry
      .counter({ name: 'c_total', help, labels: ['x'] })
      .labels({ x: '"\n' })
      .inc(3, exemplar);
    registry.gauge({ name: 'g', help: 'A "help"\n' }).set(Number.NEGATIVE_INFINITY);
    registry
      .histogram({ name: 'h', help, buckets: [1, 2], labels: ['x'] })
      .labels({ x: '' })
      .observe(1.5, exemplar);
    registry.info({ name: 'i_info', help, labels: ['x'] }).set({ x: '1' });
  };

  it.each(['text', 'openmetrics'] as const)('shows the same %s, exemplars included', async (format) => {
    const original = createRegistry({ selfMetrics: false });
    fill(original);
    const copy = show([await original.snapshot()]);
    expect((await copy.render({ format })).toString()).toBe((await original.render({ format })).toString());
  });

  it('shows nothing else: what the snapshot lacks is gone', async () => {
    const registry = createRegistry({ selfMetrics: false });
    registry
      .gauge({ name: 'a', help, labels: ['x'] })
      .labels({ x: 'gone' })
      .set(1);
    registry.gauge({ name: 'b', help }).set(1);
    const [snapshot = []] = await gauges({ kept: 2 });
    registry.restore(snapshot);
    expect(await linesOf(registry)).toEqual(['a{x="kept"} 2.0']);
  });

  it('leaves a metric alone that it defines in another way', async () => {
    const registry = createRegistry({ selfMetrics: false });
    registry
      .gauge({ name: 'a', help, labels: ['y'] })
      .labels({ y: '1' })
      .set(7);
    registry.restore((await gauges({ some: 2 }))[0] ?? []);
    expect(await linesOf(registry)).toEqual(['a{y="1"} 7.0']);
  });

  it('adds up what is over the cap, and lets nobody in or out who was there before', async () => {
    const counts = (values: Readonly<Record<string, number>>): Promise<RegistrySnapshot> =>
      snapshotOf((registry) => {
        const counter = registry.counter({ name: 'c_total', help, labels: ['x'], maxSeries: 2 });
        for (const [x, value] of Object.entries(values)) counter.labels({ x }).inc(value);
      });
    const registry = show([await counts({ a: 1, b: 2 }), await counts({ c: 3, d: 4, e: 5 })]);
    expect(await linesOf(registry)).toEqual([
      'c_total{x="a"} 1.0',
      'c_total{x="b"} 2.0',
      'c_total{x="other"} 12.0',
    ]);
    const parts = [await counts({ c: 4, d: 4 }), await counts({ b: 2, a: 1 })];
    registry.restore(
      mergeSnapshots(
        parts.map((snapshot) => ({ snapshot, isLeader: false })),
        {},
      ),
    );
    expect(await linesOf(registry)).toEqual([
      'c_total{x="a"} 1.0',
      'c_total{x="b"} 2.0',
      'c_total{x="other"} 8.0',
    ]);
  });

  it('keeps its own counts where the snapshot has none, and tells of its own renders', async () => {
    const worker = createRegistry();
    worker.counter({ name: 'c_total', help }).inc(-1);
    worker.collector('files', () => Promise.reject(new Error('no')));
    const registry = createRegistry();
    registry.collector('workers', () => Promise.reject(new Error('late')));
    registry.restore(await worker.snapshot({ collect: true }));
    const lines = await linesOf(registry);
    expect(lines).toContain('gatewayz_metrics_refused_total{metric="c_total"} 1.0');
    expect(lines).toContain('gatewayz_metrics_collector_errors_total{collector="files"} 1.0');
    expect(lines).toContain('gatewayz_metrics_collector_errors_total{collector="workers"} 1.0');
    expect(registry.samples('gatewayz_metrics_series').next().value).toMatchObject({ value: lines.length });
  });
});

describe('the snapshot of a registry', () => {
  it('waits for collectors where it is asked to, and else runs none', async () => {
    const registry = createRegistry({ selfMetrics: false });
    const gauge = registry.gauge({ name: 'a', help });
    registry.collector('a', async () => gauge.set(5));
    expect((await registry.snapshot())[0]?.cells).toEqual(Float64Array.of(0));
    expect((await registry.snapshot({ collect: true }))[0]?.cells).toEqual(Float64Array.of(5));
  });
});

describe('of several processes', () => {
  it('counters and histograms are added up, label set by label set', async () => {
    const process = (counts: number, seconds: number): Promise<RegistrySnapshot> =>
      snapshotOf((registry) => {
        registry
          .counter({ name: 'c_total', help, labels: ['x'] })
          .labels({ x: '1' })
          .inc(counts);
        registry.histogram({ name: 'h', help, buckets: [1, 2] }).observe(seconds);
      });
    expect(await linesOf(show([await process(1, 0.5), await process(2, 1.5), await process(4, 9)]))).toEqual([
      'c_total{x="1"} 7.0',
      'h_bucket{le="1.0"} 1.0',
      'h_bucket{le="2.0"} 2.0',
      'h_bucket{le="+Inf"} 3.0',
      'h_sum 11.0',
      'h_count 3.0',
    ]);
  });

  it.each<[MergeRule['kind'], MergeRule, string[]]>([
    ['sum', { kind: 'sum' }, ['a{x="p"} 6.0', 'a{x="q"} 5.0']],
    ['max', { kind: 'max' }, ['a{x="p"} 4.0', 'a{x="q"} 5.0']],
    ['min', { kind: 'min' }, ['a{x="p"} 2.0', 'a{x="q"} 5.0']],
    ['leader', { kind: 'leader' }, ['a{x="p"} 2.0']],
    ['mean', { kind: 'mean', weight: null }, ['a{x="p"} 3.0', 'a{x="q"} 5.0']],
  ])('a gauge with the rule %s is that of its values', async (_, rule, lines) => {
    expect(await linesOf(show(await gauges({ p: 2 }, { p: 4, q: 5 }), { a: rule }))).toEqual(lines);
  });

  it('a gauge goes by the leader where it has no rule, and an info is shown once', async () => {
    const process = (value: number): Promise<RegistrySnapshot> =>
      snapshotOf((registry) => {
        registry.gauge({ name: 'a', help }).set(value);
        registry.info({ name: 'i', help, labels: ['x'] }).set({ x: '1' });
      });
    const lines = await linesOf(show([await process(3), await process(9)]));
    expect(lines).toEqual(['a 3.0', 'i{x="1"} 1.0']);
  });

  it('a mean is weighted by what each process saw, and plain where none saw anything', async () => {
    const process = (
      rates: Readonly<Record<string, [rate: number, samples: number]>>,
    ): Promise<RegistrySnapshot> =>
      snapshotOf((registry) => {
        const rate = registry.gauge({ name: 'rate', help, labels: ['x'] });
        const samples = registry.gauge({ name: 'samples', help, labels: ['x'] });
        for (const [x, [value, count]] of Object.entries(rates)) {
          rate.labels({ x }).set(value);
          samples.labels({ x }).set(count);
        }
      });
    const snapshots = [await process({ p: [0, 30], q: [1, 0] }), await process({ p: [1, 10], q: [0, 0] })];
    const rules: MergeRules = { rate: { kind: 'mean', weight: 'samples' }, samples: { kind: 'sum' } };
    expect(await linesOf(show(snapshots, rules))).toEqual([
      'rate{x="p"} 0.25',
      'rate{x="q"} 0.5',
      'samples{x="p"} 40.0',
      'samples{x="q"} 0.0',
    ]);
  });

  it('exactly one state stays 1: the worst that any process is in', async () => {
    const process = (provider: string, is: string): Promise<RegistrySnapshot> =>
      snapshotOf((registry) => {
        const gauge = registry.gauge({ name: 'a', help, labels: ['provider', 'state'] });
        for (const state of ['closed', 'open', 'half_open']) {
          gauge.labels({ provider, state }).set(state === is ? 1 : 0);
        }
      });
    const snapshots = [
      await process('p', 'closed'),
      await process('p', 'half_open'),
      await process('q', 'half_open'),
      await process('q', 'open'),
      await process('r', 'closed'),
    ];
    const rule: MergeRule = { kind: 'worst', label: 'state', order: ['open', 'half_open', 'closed'] };
    const lines = await linesOf(show(snapshots, { a: rule }));
    expect(lines).toHaveLength(9);
    expect(lines.filter((line) => line.endsWith(' 1.0'))).toEqual([
      'a{provider="p",state="half_open"} 1.0',
      'a{provider="q",state="open"} 1.0',
      'a{provider="r",state="closed"} 1.0',
    ]);
  });

  it('the latest exemplar of a bucket is shown, beside the sum of the counts', async () => {
    const of = (traceId: string): Promise<RegistrySnapshot> =>
      snapshotOf((registry) =>
        registry
          .counter({ name: 'c_total', help, labels: ['x'] })
          .labels({ x: traceId })
          .inc(1, { traceId }),
      );
    const merged = mergeSnapshots(
      [await of('a'), await of('b')].map((snapshot) => ({ snapshot, isLeader: false })),
      {},
    );
    const kept = merged[0]?.exemplars.map(({ child, traceId }) => [merged[0]?.keys[child], traceId]);
    expect(kept).toEqual([
      ['1:a', 'a'],
      ['1:b', 'b'],
    ]);
    const old = merged.map((family) => ({
      ...family,
      exemplars: family.exemplars.map((one) => ({ ...one, traceId: 'old', timestampMs: 1 })),
    }));
    const lines = await linesOf(show([merged, old]), 'openmetrics');
    expect(lines[0]).toMatch(/^c_total\{x="a"\} 2\.0 # \{trace_id="a"\} 1\.0 /);
  });

  it('one that defines a metric in another way than the first is left out of it', async () => {
    const other = await snapshotOf((registry) =>
      registry
        .counter({ name: 'a_total', help, labels: ['y'] })
        .labels({ y: '1' })
        .inc(),
    );
    const first = await snapshotOf((registry) => registry.counter({ name: 'a_total', help }).inc());
    expect(await linesOf(show([first, other]))).toEqual(['a_total 1.0']);
  });

  it('one that has ended goes on counting, and says nothing else', async () => {
    const ended = await snapshotOf((registry) => {
      registry.counter({ name: 'c_total', help }).inc(5);
      registry.histogram({ name: 'h', help, buckets: [1] }).observe(0.5);
      registry.gauge({ name: 'g', help }).set(5);
    });
    expect(keepCounts(ended).map(({ name }) => name)).toEqual(['c_total', 'h']);
  });
});
