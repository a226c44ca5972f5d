import { describe, expect, it, vi } from 'vitest';
import { createRegistry } from './registry.ts';
import { linesOf } from './test-support/lines-of.ts';
import { type ParsedSample, parseExposition } from './test-support/parse-exposition.ts';

const help = 'Help.';

describe('a render', () => {
  it('is one HELP and one TYPE per family, in the order of definition, the own metrics last', async () => {
    const registry = createRegistry();
    registry.gauge({ name: 'b', help: 'Second letter.' }).set(1);
    registry.counter({ name: 'a_total', help: 'First letter.', labels: ['x'] });
    const text = (await registry.render()).toString();
    expect(text).toMatch(
      /^# HELP b Second letter\.\n# TYPE b gauge\nb 1\.0\n# HELP a_total First letter\.\n# TYPE a_total counter\n# HELP gatewayz_metrics_/,
    );
  });

  it('shows nothing of its own where self metrics are off', async () => {
    const registry = createRegistry({ selfMetrics: false });
    expect((await registry.render()).toString()).toBe('');
    expect((await registry.render({ format: 'openmetrics' })).toString()).toBe('# EOF\n');
    registry.collector('failing', () => Promise.reject(new Error('no')));
    registry.counter({ name: 'a_total', help, labels: ['x'], maxSeries: 1 });
    expect((await registry.render()).toString()).toBe(`# HELP a_total ${help}\n# TYPE a_total counter\n`);
  });

  it('writes valid UTF-8 whatever the labels and help texts hold', async () => {
    const registry = createRegistry();
    registry
      .gauge({ name: 'a', help: 'né \ud83d\ude00 \ud800', labels: ['x'] })
      .labels({ x: '日本 \udc00' })
      .set(1);
    const bytes = await registry.render();
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    expect(text).toContain('# HELP a né 😀 \ufffd\n');
    expect(text).toContain('a{x="日本 \ufffd"} 1.0\n');
  });

  it('is shared by calls that overlap in the same format, not by others', async () => {
    const registry = createRegistry();
    const collect = vi.fn();
    registry.collector('once', collect);
    const [first, second, other] = await Promise.all([
      registry.render(),
      registry.render({ format: 'text' }),
      registry.render({ format: 'openmetrics' }),
    ]);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(collect).toHaveBeenCalledTimes(1);
    expect(await registry.render()).not.toBe(first);
    expect(collect).toHaveBeenCalledTimes(2);
  });

  it('gives way to the event loop between slices', async () => {
    const registry = createRegistry({ sliceBytes: 1000 });
    const gauge = registry.gauge({ name: 'a', help, labels: ['x'] });
    for (let x = 0; x < 1000; x += 1) {
      gauge.labels({ x: `${x}` }).set(x);
    }
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    const bytes = await registry.render();
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(Math.floor(bytes.length / 1100));
  });

  it('is the same bytes whatever the slices and however the buffers grow', async () => {
    const texts = await Promise.all(
      [1, 100, 16_384, Number.POSITIVE_INFINITY].map(async (sliceBytes) => {
        const registry = createRegistry({ sliceBytes, defaultMaxSeries: 50_000, selfMetrics: false });
        const gauge = registry.gauge({ name: 'a', help, labels: ['x'] });
        for (let x = 0; x < 4000; x += 1) {
          gauge.labels({ x: `${x}é`.repeat(20) }).set(x);
        }
        const first = (await registry.render()).toString();
        expect((await registry.render()).toString()).toBe(first);
        return first;
      }),
    );
    expect(new Set(texts).size).toBe(1);
    expect(parseExposition(texts[0] ?? '', 'text')[0]?.samples).toHaveLength(4000);
  });
});

describe('a render during which the registry changes', () => {
  it('shows every line at most once, and no histogram that disagrees with itself', async () => {
    const registry = createRegistry({ sliceBytes: 200 });
    const gauge = registry.gauge({ name: 'a', help, labels: ['x'] });
    const histogram = registry.histogram({ name: 'h', help, labels: ['x'], buckets: [1, 2] });
    for (let x = 0; x < 100; x += 1) {
      gauge.labels({ x: `${x}` }).set(x);
      histogram.labels({ x: `${x}` }).observe(1);
    }
    let step = 0;
    let isDone = false;
    const churn = () => {
      const x = `${step % 100}`;
      gauge.remove({ x });
      gauge.labels({ x }).set(-1);
      gauge.labels({ x: `new ${step}` }).set(1);
      histogram.labels({ x: `${(step * 7) % 100}` }).observe(step % 3);
      if (step === 5) {
        registry.gauge({ name: 'late', help });
      }
      step += 1;
      if (!isDone) {
        setImmediate(churn);
      }
    };
    setImmediate(churn);
    const text = (await registry.render()).toString();
    isDone = true;
    expect(step).toBeGreaterThan(50);
    const families = parseExposition(text, 'text');
    expect(families.find(({ name }) => name === 'late')).toBeUndefined();
    const samples = families.find(({ name }) => name === 'h')?.samples ?? [];
    expect(samples).toHaveLength(500);
    for (let at = 0; at < samples.length; at += 5) {
      expect(samples[at + 2]?.value).toBe(samples[at + 4]?.value);
    }
  });

  it('still shows a family whose children are all removed, as an empty one', async () => {
    const registry = createRegistry({ sliceBytes: 50 });
    const gauge = registry.gauge({ name: 'a', help, labels: ['x'] });
    for (let x = 0; x < 100; x += 1) {
      gauge.labels({ x: `${x}` }).set(x);
    }
    const render = registry.render();
    setImmediate(() => gauge.clear());
    const shown = parseExposition((await render).toString(), 'text').find(({ name }) => name === 'a');
    expect(shown?.samples.length).toBeLessThan(100);
    expect(await linesOf(registry, 'a{')).toEqual([]);
  });
});

describe('the metrics about the registry', () => {
  it('count the series and the bytes, and time the renders', async () => {
    const registry = createRegistry();
    registry.histogram({ name: 'h', help, buckets: [1, 2] });
    const first = await registry.render();
    const samples: ParsedSample[] = parseExposition((await registry.render()).toString(), 'text').flatMap(
      (family) => family.samples,
    );
    const readValue = (name: string) => samples.find((sample) => sample.name === name)?.value;
    expect(readValue('gatewayz_metrics_series')).toBe(samples.length);
    expect(readValue('gatewayz_metrics_bytes')).toBe(first.length);
    expect(readValue('gatewayz_metrics_render_seconds_count')).toBe(1);
    expect(readValue('gatewayz_metrics_render_seconds_sum')).toBeGreaterThan(0);
  });

  it('forget a metric that is unregistered', async () => {
    const registry = createRegistry();
    registry.gauge({ name: 'a', help, labels: ['x'] });
    expect(await linesOf(registry, 'gatewayz_metrics_series_dropped_total{')).toHaveLength(1);
    registry.unregister('a');
    expect(await linesOf(registry, 'gatewayz_metrics_series_dropped_total{')).toEqual([]);
  });
});

describe('samples', () => {
  it('are those of one metric, or of all, as they are now', () => {
    const registry = createRegistry();
    const counter = registry.counter({ name: 'a_total', help, labels: ['x'] });
    registry.gauge({ name: 'b', help }).set(2);
    counter.labels({ x: '"\\\n' }).inc(3);
    expect([...registry.samples('a_total')]).toEqual([{ name: 'a_total', labels: { x: '"\\\n' }, value: 3 }]);
    expect([...registry.samples('nothing')]).toEqual([]);
    expect([...registry.samples()].map(({ name }) => name)).toEqual(expect.arrayContaining(['a_total', 'b']));
  });
});
