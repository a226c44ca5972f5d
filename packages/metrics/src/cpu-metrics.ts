import type { Registry } from './registry.ts';

/** CPU time since the process began, and when that was. */
export function registerCpuMetrics(registry: Registry): () => void {
  const user = registry.counter({
    name: 'process_cpu_user_seconds_total',
    help: 'User CPU time in seconds.',
  });
  const system = registry.counter({
    name: 'process_cpu_system_seconds_total',
    help: 'System CPU time in seconds.',
  });
  const both = registry.counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time in seconds.',
  });
  const start = registry.gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, in Unix seconds.',
  });
  start.set(performance.timeOrigin / 1000);
  let last: NodeJS.CpuUsage = { user: 0, system: 0 };
  return registry.collector('process_cpu', () => {
    const now = process.cpuUsage();
    user.inc((now.user - last.user) / 1e6);
    system.inc((now.system - last.system) / 1e6);
    both.inc((now.user - last.user + now.system - last.system) / 1e6);
    last = now;
  });
}
