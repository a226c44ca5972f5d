import { readdir, readFile } from 'node:fs/promises';
import type { Gauge } from './gauge.ts';
import type { Registry } from './registry.ts';

/**
 * Memory and file descriptors as Linux's `/proc` tells them. Elsewhere only the resident memory is known.
 * `process.memoryUsage()` would read a file of `/proc` synchronously.
 */
export function registerProcfsMetrics(registry: Registry): () => void {
  const resident = registry.gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory in bytes.',
  });
  if (process.platform !== 'linux') {
    return registry.collector('process_memory', () => resident.set(process.memoryUsage.rss()));
  }
  const sizes: Readonly<Record<string, Gauge>> = {
    VmRSS: resident,
    VmSize: registry.gauge({ name: 'process_virtual_memory_bytes', help: 'Virtual memory in bytes.' }),
    VmData: registry.gauge({ name: 'process_heap_bytes', help: 'Size of the data segment in bytes.' }),
  };
  const open = registry.gauge({ name: 'process_open_fds', help: 'Open file descriptors.' });
  const most = registry.gauge({ name: 'process_max_fds', help: 'The limit on open file descriptors.' });
  const stops = [
    registry.collector('process_memory', async (signal) => {
      setSizes(sizes, await readFile('/proc/self/status', { encoding: 'utf8', signal }));
    }),
    registry.collector('process_fds', async (signal) => {
      const [entries, limits] = await Promise.all([
        readdir('/proc/self/fd'),
        readFile('/proc/self/limits', { encoding: 'utf8', signal }),
      ]);
      open.set(entries.length);
      most.set(readLimit(limits));
    }),
  ];
  return () => {
    for (const stop of stops) {
      stop();
    }
  };
}

/** Sets each gauge from its line of `/proc/self/status`, which counts in KiB. */
function setSizes(sizes: Readonly<Record<string, Gauge>>, status: string): void {
  for (const [, field = '', kibibytes = ''] of status.matchAll(/^(\w+):\s+(\d+) kB$/gm)) {
    sizes[field]?.set(Number(kibibytes) * 1024);
  }
}

function readLimit(limits: string): number {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
