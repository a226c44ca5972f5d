import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry as PromRegistry,
  Summary,
} from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRegistry, type Registry } from './registry.ts';
import { linesOf } from './test-support/lines-of.ts';
import { parseExposition } from './test-support/parse-exposition.ts';
import { hasPythonClient, parseWithPython } from './test-support/python-client.ts';

afterEach(() => {
  vi.useRealTimers();
});

function withForeign(text: string): Registry {
  const registry = createRegistry();
  registry
    .counter({ name: 'ours_total', help: 'h', labels: ['x'] })
    .labels({ x: '1' })
    .inc(7);
  registry.addForeign({ metrics: async () => text });
  return registry;
}

async function dropped(registry: Registry): Promise<Record<string, number>> {
  await registry.render();
  const samples = [...registry.samples('gatewayz_metrics_foreign_dropped_total')];
  return Object.fromEntries(samples.map(({ labels, value }) => [labels.reason, value]));
}

async function foreignText(registry: Registry, format: 'text' | 'openmetrics' = 'text'): Promise<string> {
  const text = (await registry.render({ format })).toString();
  const [, rest = ''] =
    /gatewayz_metrics_foreign_dropped_total\{reason="unavailable"\} [^\n]*\n([\s\S]*)$/.exec(text) ?? [];
  return rest;
}

function createPromRegistry(): PromRegistry {
  const registers = [new PromRegistry()];
  new Counter({ name: 'theirs_total', help: 'A "total"', labelNames: ['x'], registers }).inc(
    { x: 'a"b\\c\nd' },
    3,
  );
  new Counter({ name: 'odd_count', help: 'No total', registers }).inc();
  new Gauge({ name: 'theirs', help: 'A gauge', registers }).set(Number.POSITIVE_INFINITY);
  new Histogram({
    name: 'took_seconds',
    help: 'Took',
    buckets: [0.5, 2],
    labelNames: ['x'],
    registers,
  }).observe({ x: 'y' }, 1);
  new Summary({ name: 'sized', help: 'Sized', percentiles: [0.5], registers }).observe(4);
  return registers[0] as PromRegistry;
}

describe('a prom-client registry beside ours', () => {
  it('keeps its lines as they are in text', async () => {
    const registry = createRegistry();
    registry.addForeign(createPromRegistry());
    const text = await foreignText(registry);
    expect(text).toContain(
      '# HELP theirs_total A "total"\n# TYPE theirs_total counter\ntheirs_total{x="a\\"b\\\\c\\nd"} 3\n',
    );
    expect(text).toContain('theirs +Inf\n');
    expect(text).toContain('took_seconds_bucket{le="2",x="y"} 1\n');
    expect(text).toContain('sized{quantile="0.5"} 4\n');
    expect(await dropped(registry)).toEqual({ collision: 0, malformed: 0, unavailable: 0 });
  });

  it.skipIf(!hasPythonClient)('is translated to OpenMetrics that the strict parser takes', async () => {
    const registry = createRegistry();
    registry.addForeign(createPromRegistry());
    const text = (await registry.render({ format: 'openmetrics' })).toString();
    const [families = []] = parseWithPython([{ format: 'openmetrics', text }]);
    const types = Object.fromEntries(families.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      theirs: 'counter',
      took_seconds: 'histogram',
      sized: 'summary',
      odd_count: 'unknown',
    });
    expect(text).not.toContain('theirs +Inf');
    expect(families.find(({ name }) => name === 'took_seconds')?.samples).toHaveLength(5);
  });

  it('is read the same where it speaks OpenMetrics itself', async () => {
    const prom = createPromRegistry();
    prom.removeSingleMetric('odd_count');
    prom.removeSingleMetric('theirs');
    const plain = createRegistry();
    plain.addForeign(prom);
    const expected = await foreignText(plain);
    (prom as unknown as PromRegistry<OpenMetricsContentType>).setContentType(
      PromRegistry.OPENMETRICS_CONTENT_TYPE,
    );
    const registry = createRegistry();
    registry.addForeign(prom);
    expect(await foreignText(registry)).toBe(expected);
    expect(await foreignText(registry, 'openmetrics')).toMatch(
      /# TYPE theirs counter\ntheirs_total\{[\s\S]*# EOF\n$/,
    );
  });

  it('is gone once it is removed', async () => {
    const registry = createRegistry();
    const remove = registry.addForeign(createPromRegistry());
    remove();
    expect(await foreignText(registry)).toBe('');
  });
});

describe('a foreign text', () => {
  it('loses the families whose names are ours, and those alone', async () => {
    const registry = withForeign(
      '# TYPE ours_total counter\nours_total{x="1"} 99\n# TYPE theirs gauge\ntheirs 1\n',
    );
    expect(await foreignText(registry)).toBe('# HELP theirs \n# TYPE theirs gauge\ntheirs 1\n');
    expect(await linesOf(registry, 'ours_total')).toEqual(['ours_total{x="1"} 7.0']);
    expect(await dropped(registry)).toEqual({ collision: 3, malformed: 0, unavailable: 0 });
  });

  it('loses what collides by the samples of an OpenMetrics family', async () => {
    const registry = withForeign('# TYPE ours counter\nours_total{x="2"} 99\n# EOF\n');
    expect(await foreignText(registry)).toBe('');
    expect(await foreignText(registry, 'openmetrics')).toBe('# EOF\n');
  });

  it('loses in OpenMetrics alone what only collides there', async () => {
    const registry = withForeign('# TYPE ours gauge\nours 1\n');
    expect(await foreignText(registry)).toBe('# HELP ours \n# TYPE ours gauge\nours 1\n');
    expect(await foreignText(registry, 'openmetrics')).toBe('# EOF\n');
  });

  it('loses what a forged label has smuggled in', async () => {
    const registry = withForeign(
      '# TYPE a counter\na{x="y"} 1\nours_total{x="1"} 1000000\n"} 1\na{x="z"} 2\n',
    );
    expect(await foreignText(registry)).toBe('# HELP a \n# TYPE a counter\na{x="y"} 1\na{x="z"} 2\n');
    expect(await dropped(registry)).toEqual({ collision: 2, malformed: 2, unavailable: 0 });
  });

  it.each([
    'a{x="y" 1',
    'a{x=y} 1',
    'a{x="y"} one',
    'a{x="y"}',
    'a{x="\\q"} 1',
    'a{x="1",x="2"} 1',
    'a{1x="y"} 1',
    'a 1\r',
    'a 1 2 3',
    'a-b 1',
    ' a 1',
    'a 0x10',
    `a{x="${'y'.repeat(70_000)}"} 1`,
    'b_sum 1\n# TYPE b_sum counter\nb_sum_total 1',
  ])('loses a line that is malformed: %s', async (line) => {
    const registry = withForeign(`# TYPE a gauge\n${line}\n# TYPE fine gauge\nfine 1\n`);
    const text = (await registry.render()).toString();
    expect(() => parseExposition(text.replace(/# HELP (b_sum|fine)[\s\S]*$/, ''), 'text')).not.toThrow();
    expect(text).toContain('# TYPE fine gauge\nfine 1\n');
    expect((await dropped(registry)).malformed).toBe(2);
  });

  it('shows a series once, whatever the order of its labels', async () => {
    const registry = withForeign('# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 2\na{x="2",y="1",} 3\n');
    expect(await foreignText(registry)).toBe(
      '# HELP a \n# TYPE a gauge\na{x="1",y="2"} 1\na{x="2",y="1"} 3\n',
    );
  });

  it('is put in order where families are torn apart, declared late or not declared', async () => {
    const registry = withForeign(
      '# TYPE a gauge\na{x="1"} 1\n# TYPE b gauge\nb 1\na{x="2"} 2\n# TYPE a counter\n# HELP b Late.\nbare 3 1700000000000\n',
    );
    expect(await foreignText(registry)).toBe(
      '# HELP a \n# TYPE a gauge\na{x="1"} 1\na{x="2"} 2\n# HELP b Late.\n# TYPE b gauge\nb 1\n# HELP bare \n# TYPE bare untyped\nbare 3 1700000000000\n',
    );
    expect(await foreignText(registry, 'openmetrics')).toContain(
      '# TYPE bare unknown\nbare 3 1700000000.0\n# EOF',
    );
  });

  it('of a second source loses what the first one has', async () => {
    const registry = createRegistry();
    registry.addForeign({ metrics: async () => '# TYPE a gauge\na 1\n' });
    registry.addForeign({ metrics: async () => '# TYPE a counter\na 2\n# TYPE b gauge\nb 2' });
    expect(await foreignText(registry)).toBe(
      '# HELP a \n# TYPE a gauge\na 1\n# HELP b \n# TYPE b gauge\nb 2\n',
    );
  });
});

describe('a foreign registry that fails', () => {
  it.each<[string, () => Promise<string>]>([
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['answers no string', async () => 5 as never],
  ])('because it %s does not break the scrape', async (_, metrics) => {
    const registry = createRegistry();
    registry.gauge({ name: 'ours', help: 'h' }).set(1);
    registry.addForeign({ metrics });
    expect(await linesOf(registry, 'ours ')).toEqual(['ours 1.0']);
    expect(await dropped(registry)).toEqual({ collision: 0, malformed: 0, unavailable: 2 });
  });

  it('because it hangs delays the scrape to its deadline and no further', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const registry = createRegistry();
    registry.addForeign({ metrics: () => new Promise(() => undefined) }, { deadlineMs: 20 });
    const render = registry.render();
    await vi.advanceTimersByTimeAsync(20);
    expect((await render).toString()).toContain(
      'gatewayz_metrics_foreign_dropped_total{reason="unavailable"} 1.0',
    );
  });
});
