import { registerActivityMetrics } from './activity-metrics.ts';
import { registerCpuMetrics } from './cpu-metrics.ts';
import { registerEventLoopMetrics } from './event-loop-metrics.ts';
import { registerGcMetrics } from './gc-metrics.ts';
import { registerHeapMetrics } from './heap-metrics.ts';
import { registerProcfsMetrics } from './procfs-metrics.ts';
import type { Registry } from './registry.ts';

const PARTS: readonly ((registry: Registry) => () => void)[] = [
  registerCpuMetrics,
  registerProcfsMetrics,
  registerHeapMetrics,
  registerActivityMetrics,
  registerEventLoopMetrics,
  registerGcMetrics,
  registerVersion,
];

/**
 * Registers the process and Node metrics under the names that prom-client's defaults have. A scrape reads no file
 * synchronously. Returns what takes them all out again.
 * @throws MetricDefinitionError where one of the names is taken; then none is registered
 */
export function registerProcessMetrics(registry: Registry): () => void {
  const earlier = new Set(registry.names());
  const stops: (() => void)[] = [];
  const added = () => registry.names().filter((name) => !earlier.has(name));
  const remove = (names: readonly string[]) => {
    for (const stop of stops) {
      stop();
    }
    for (const name of names) {
      registry.unregister(name);
    }
  };
  try {
    for (const register of PARTS) {
      stops.push(register(registry));
    }
  } catch (error) {
    remove(added());
    throw error;
  }
  const names = added();
  return () => remove(names);
}

function registerVersion(registry: Registry): () => void {
  const version = registry.info({
    name: 'nodejs_version_info',
    help: 'The version of Node.js that runs this process.',
    labels: ['version', 'major', 'minor', 'patch'],
  });
  const [major = '', minor = '', patch = ''] = process.version.slice(1).split('.');
  version.set({ version: process.version, major, minor, patch });
  return () => undefined;
}
