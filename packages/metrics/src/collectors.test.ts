import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRegistry } from './registry.ts';
import { linesOf } from './test-support/lines-of.ts';

const ERRORS = 'gatewayz_metrics_collector_errors_total{';

afterEach(() => {
  vi.useRealTimers();
});

function useFakeTimeouts(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
}

describe('a collector', () => {
  it('runs before every render until it is removed', async () => {
    const registry = createRegistry();
    const gauge = registry.gauge({ name: 'a', help: 'h' });
    const remove = registry.collector('a', async () => gauge.inc());
    await registry.render();
    expect(await linesOf(registry, 'a ')).toEqual(['a 2.0']);
    remove();
    remove();
    expect(await linesOf(registry, 'a ')).toEqual(['a 2.0']);
    expect(await linesOf(registry, ERRORS)).toEqual([`${ERRORS}collector="a"} 0.0`]);
  });

  it('that throws or rejects is counted, and the others run', async () => {
    const registry = createRegistry();
    const gauge = registry.gauge({ name: 'a', help: 'h' });
    registry.collector('throws', () => {
      throw new Error('no');
    });
    registry.collector('rejects', () => Promise.reject(new Error('no')));
    registry.collector('works', () => gauge.set(5));
    expect(await linesOf(registry, 'a ')).toEqual(['a 5.0']);
    expect(await linesOf(registry, ERRORS)).toEqual([
      `${ERRORS}collector="throws"} 2.0`,
      `${ERRORS}collector="rejects"} 2.0`,
      `${ERRORS}collector="works"} 0.0`,
    ]);
  });

  it('that is late is told so, counted, left behind, and not run again while it hangs', async () => {
    useFakeTimeouts();
    const registry = createRegistry();
    let finish: () => void = () => undefined;
    const signals: AbortSignal[] = [];
    const hang = (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    };
    registry.collector('hangs', hang, { deadlineMs: 50 });
    let isRendered = false;
    const render = registry.render().then(() => {
      isRendered = true;
    });
    await vi.advanceTimersByTimeAsync(49);
    expect([isRendered, signals[0]?.aborted]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    await render;
    expect(signals[0]?.aborted).toBe(true);
    expect(await linesOf(registry, ERRORS)).toEqual([`${ERRORS}collector="hangs"} 2.0`]);
    expect(signals).toHaveLength(1);
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    void registry.render();
    expect(signals).toHaveLength(2);
  });

  it('has half a second by default', async () => {
    useFakeTimeouts();
    const registry = createRegistry();
    registry.collector('hangs', () => new Promise(() => undefined));
    const render = registry.render();
    await vi.advanceTimersByTimeAsync(500);
    expect((await render).length).toBeGreaterThan(0);
  });

  it('needs a name of its own and a deadline that a timer can keep', () => {
    const registry = createRegistry();
    const remove = registry.collector('a', () => undefined);
    expect(() => registry.collector('a', () => undefined)).toThrow('received "a"');
    expect(() => registry.collector('b', () => undefined, { deadlineMs: 0 })).toThrow('received 0');
    expect(() => registry.collector('b', () => undefined, { deadlineMs: Infinity })).toThrow(
      'received Infinity',
    );
    remove();
    registry.collector('a', () => undefined);
    remove();
    expect(() => registry.collector('a', () => undefined)).toThrow('received "a"');
  });

  it('may define a metric that the same render shows', async () => {
    const registry = createRegistry();
    const remove = registry.collector('defines', () => {
      registry.gauge({ name: 'a', help: 'h' }).set(1);
      remove();
    });
    expect(await linesOf(registry, 'a ')).toEqual(['a 1.0']);
  });
});
