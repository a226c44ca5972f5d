import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRegistry } from './registry.ts';
import { linesOf } from './test-support/lines-of.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a counter', () => {
  it('adds one, or what it is given, and prints a float', async () => {
    const registry = createRegistry();
    const counter = registry.counter({ name: 'a_total', help: 'h', labels: ['x'] }).labels({ x: '1' });
    counter.inc();
    counter.inc(0.5);
    counter.inc(0);
    expect(await linesOf(registry, 'a_total')).toEqual(['a_total{x="1"} 1.5']);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '5', 5n, null, {}])(
    'ignores %s, counts the refusal and throws nothing',
    async (value) => {
      const registry = createRegistry();
      const counter = registry.counter({ name: 'a_total', help: 'h' });
      counter.inc(2);
      counter.inc(value as number);
      expect(await linesOf(registry, 'a_total')).toEqual(['a_total 2.0']);
      expect(await linesOf(registry, 'gatewayz_metrics_refused_total')).toEqual([
        'gatewayz_metrics_refused_total{metric="a_total"} 1.0',
      ]);
    },
  );

  it('loses _total in the family name of OpenMetrics, not in its samples', async () => {
    const registry = createRegistry();
    registry.counter({ name: 'a_total', help: 'Say "hi"\\\n', labels: ['x'] }).labels({ x: '1' });
    expect(await linesOf(registry, '# HELP a')).toEqual(['# HELP a_total Say "hi"\\\\\\n']);
    expect(await linesOf(registry, '# HELP a', 'openmetrics')).toEqual(['# HELP a Say \\"hi\\"\\\\\\n']);
    expect(await linesOf(registry, '# TYPE a', 'openmetrics')).toEqual(['# TYPE a counter']);
    expect(await linesOf(registry, 'a_total', 'openmetrics')).toEqual(['a_total{x="1"} 0.0']);
  });

  it('shows its latest exemplar, with the time of the increment, in OpenMetrics only', async () => {
    vi.useFakeTimers({ now: 1_700_000_000_123, toFake: ['Date'] });
    const registry = createRegistry();
    const counter = registry.counter({ name: 'a_total', help: 'h' });
    counter.inc(3, { traceId: 'first' });
    counter.inc(2, { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' });
    vi.setSystemTime(1_800_000_000_000);
    counter.inc();
    expect(await linesOf(registry, 'a_total')).toEqual(['a_total 6.0']);
    expect(await linesOf(registry, 'a_total', 'openmetrics')).toEqual([
      'a_total 6.0 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 2.0 1700000000.123',
    ]);
  });

  it.each<[string, unknown]>([
    ['a quote', { traceId: 'a"b' }],
    ['a line feed', { traceId: 'a\nb' }],
    ['too long', { traceId: 'a'.repeat(57) }],
    ['no string', { traceId: 5 }],
    ['missing', {}],
    ['no object', 5],
  ])('leaves out an exemplar whose trace id is %s and counts all the same', async (_, exemplar) => {
    const registry = createRegistry();
    registry.counter({ name: 'a_total', help: 'h' }).inc(1, exemplar as never);
    expect(await linesOf(registry, 'a_total', 'openmetrics')).toEqual(['a_total 1.0']);
  });
});
