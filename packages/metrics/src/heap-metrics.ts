import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Registry } from './registry.ts';

/** The sizes of V8's heap and of its spaces, in bytes. */
export function registerHeapMetrics(registry: Registry): () => void {
  const total = registry.gauge({ name: 'nodejs_heap_size_total_bytes', help: 'Size of the heap in bytes.' });
  const used = registry.gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Used part of the heap in bytes.',
  });
  const external = registry.gauge({
    name: 'nodejs_external_memory_bytes',
    help: 'Memory of C++ objects bound to JavaScript objects, in bytes.',
  });
  const spaceGauge = (kind: string) =>
    registry.gauge({
      name: `nodejs_heap_space_size_${kind}_bytes`,
      help: `Bytes ${kind} in each space of the heap.`,
      labels: ['space'],
    });
  const spaceTotal = spaceGauge('total');
  const spaceUsed = spaceGauge('used');
  const spaceAvailable = spaceGauge('available');
  return registry.collector('nodejs_heap', () => {
    const heap = getHeapStatistics();
    total.set(heap.total_heap_size);
    used.set(heap.used_heap_size);
    external.set(heap.external_memory);
    for (const statistics of getHeapSpaceStatistics()) {
      const space = statistics.space_name.replace(/_space$/, '');
      spaceTotal.labels({ space }).set(statistics.space_size);
      spaceUsed.labels({ space }).set(statistics.space_used_size);
      spaceAvailable.labels({ space }).set(statistics.space_available_size);
    }
  });
}
