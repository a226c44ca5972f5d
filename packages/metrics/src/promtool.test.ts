import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { registerProcessMetrics } from './process-metrics.ts';
import { createRegistry } from './registry.ts';

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

function check(text: Buffer): { readonly status: number | null; readonly problems: string[] } {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  return { status, problems: `${stdout}${stderr}`.split('\n').filter((line) => line !== '') };
}

describe.skipIf(!hasPromtool)('promtool check metrics', () => {
  it('finds no problem in what the registry prints, its own metrics included', async () => {
    const registry = createRegistry();
    const counter = registry.counter({
      name: 'demo_requests_total',
      help: 'Requests.',
      labels: ['path'],
      maxSeries: 2,
    });
    for (const path of ['"', '\\', '\n', '} 1', '# EOF']) {
      counter.labels({ path }).inc();
    }
    registry.gauge({ name: 'demo_temperature_celsius', help: 'Line\nfeed \\ "quote".' }).set(Number.NaN);
    registry.histogram({ name: 'demo_seconds', help: 'Time.', buckets: [1e-5, 0.5, 1e6] }).observe(2);
    registry.info({ name: 'demo_build_info', help: 'Build.', labels: ['version'] }).set({ version: '1' });
    registry.collector('failing', () => Promise.reject(new Error('no')));
    registry.addForeign({
      metrics: async () => '# HELP demo_foreign F.\n# TYPE demo_foreign gauge\ndemo_foreign 1\n',
    });
    await registry.render();
    expect(check(await registry.render())).toEqual({ status: 0, problems: [] });
  });

  it('finds in the process metrics only the names that prom-client gave them', async () => {
    const registry = createRegistry();
    const stop = registerProcessMetrics(registry);
    const { problems } = check(await registry.render());
    stop();
    expect(problems.filter((problem) => !/^nodejs_active_\w+_total non-counter/.test(problem))).toEqual([]);
  });

  it('is a check that fails where the text is broken', () => {
    expect(check(Buffer.from('a{x="y} 1\n')).status).not.toBe(0);
  });
});
