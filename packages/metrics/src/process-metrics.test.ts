import fs from 'node:fs';
import { collectDefaultMetrics, Registry as PromRegistry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerProcessMetrics } from './process-metrics.ts';
import { createRegistry } from './registry.ts';

const isLinux = process.platform === 'linux';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the process metrics', () => {
  it('have the names, types and labels of the defaults of prom-client', async () => {
    const registry = createRegistry();
    const stop = registerProcessMetrics(registry);
    await registry.render();
    const prom = new PromRegistry();
    collectDefaultMetrics({ register: prom });
    await prom.metrics();
    const theirs = prom.getMetricsAsArray() as unknown as { name: string; labelNames: string[] }[];
    const ours = (name: string) => [...registry.samples(name)].map(({ labels }) => Object.keys(labels));
    expect([...registry.names()].sort()).toEqual(theirs.map(({ name }) => name).sort());
    for (const { name, labelNames } of theirs) {
      for (const labels of ours(name)) {
        expect(labels.filter((label) => label !== 'le')).toEqual(
          labelNames.filter((label) => label !== 'le'),
        );
      }
    }
    const types = (text: string) => text.match(/^# TYPE (process|nodejs)_.*$/gm)?.sort();
    expect(types((await registry.render()).toString())).toEqual(types(await prom.metrics()));
    stop();
  });

  it.runIf(isLinux)('tell what the process is, without reading a file synchronously', async () => {
    const registry = createRegistry();
    const stop = registerProcessMetrics(registry);
    const reads = (['readFileSync', 'readdirSync', 'openSync', 'statSync'] as const).map((name) =>
      vi.spyOn(fs, name),
    );
    const memory = vi.spyOn(process, 'memoryUsage');
    await registry.render();
    expect([...reads, memory].map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0, 0, 0]);
    const readValue = (name: string) => [...registry.samples(name)][0]?.value;
    for (const name of [
      'process_resident_memory_bytes',
      'process_virtual_memory_bytes',
      'process_heap_bytes',
    ]) {
      expect(readValue(name)).toBeGreaterThan(1e6);
    }
    for (const name of [
      'process_open_fds',
      'process_max_fds',
      'nodejs_heap_size_used_bytes',
      'process_cpu_seconds_total',
    ]) {
      expect(readValue(name)).toBeGreaterThan(0);
    }
    expect(
      Math.abs(Number(readValue('process_start_time_seconds')) - (Date.now() / 1000 - process.uptime())),
    ).toBeLessThan(5);
    expect([...registry.samples('nodejs_version_info')][0]?.labels.version).toBe(process.version);
    expect(
      [...registry.samples('nodejs_heap_space_size_used_bytes')].map(({ labels }) => labels.space),
    ).toContain('old');
    const failures = [...registry.samples('gatewayz_metrics_collector_errors_total')];
    expect(failures.map(({ value }) => value)).toEqual(failures.map(() => 0));
    stop();
  });

  it('drop the type of a resource that is no longer there', async () => {
    const registry = createRegistry();
    const stop = registerProcessMetrics(registry);
    const shown = async () => {
      await registry.render();
      const samples = [...registry.samples('nodejs_active_resources')];
      return samples.map(({ labels, value }) => [labels.type, value]);
    };
    vi.spyOn(process, 'getActiveResourcesInfo')
      .mockReturnValueOnce(['A', 'B', 'A'])
      .mockReturnValueOnce(['B']);
    expect(await shown()).toEqual([
      ['A', 2],
      ['B', 1],
    ]);
    expect(await shown()).toEqual([['B', 1]]);
    stop();
  });

  it('are all taken out again, and can then be registered anew', async () => {
    const registry = createRegistry();
    registry.gauge({ name: 'mine', help: 'h' });
    registerProcessMetrics(registry)();
    expect(registry.names()).toEqual(['mine']);
    registerProcessMetrics(registry)();
  });

  it('are registered all or none', () => {
    const registry = createRegistry();
    registry.gauge({ name: 'nodejs_version_info', help: 'h' });
    expect(() => registerProcessMetrics(registry)).toThrow('nodejs_version_info');
    expect(registry.names()).toEqual(['nodejs_version_info']);
    registry.unregister('nodejs_version_info');
    registerProcessMetrics(registry)();
  });
});
