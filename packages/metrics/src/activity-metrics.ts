import type { Registry } from './registry.ts';

/** Node's own lists of what is active: they exist at run time and are missing from its types. */
interface ActivityLists {
  readonly _getActiveHandles?: () => readonly object[];
  readonly _getActiveRequests?: () => readonly object[];
}

/** Counts of active handles, requests and resources, by type and together. */
export function registerActivityMetrics(registry: Registry): () => void {
  const lists: ActivityLists = process as unknown as ActivityLists;
  const handles = createCounts(registry, 'handles');
  const requests = createCounts(registry, 'requests');
  const resources = createCounts(registry, 'resources');
  return registry.collector('nodejs_activity', () => {
    handles((lists._getActiveHandles?.() ?? []).map(typeOf));
    requests((lists._getActiveRequests?.() ?? []).map(typeOf));
    resources(process.getActiveResourcesInfo());
  });
}

/** Registers the pair of gauges for one kind; the result sets them from the list of types. */
function createCounts(registry: Registry, kind: string): (types: readonly string[]) => void {
  const byType = registry.gauge({
    name: `nodejs_active_${kind}`,
    help: `Active ${kind} by type.`,
    labels: ['type'],
  });
  const total = registry.gauge({ name: `nodejs_active_${kind}_total`, help: `Active ${kind}, all types.` });
  let shown: ReadonlyMap<string, number> = new Map();
  return (types) => {
    const counts = new Map<string, number>();
    for (const type of types) {
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    for (const type of shown.keys()) {
      if (!counts.has(type)) {
        byType.remove({ type });
      }
    }
    for (const [type, count] of counts) {
      byType.labels({ type }).set(count);
    }
    total.set(types.length);
    shown = counts;
  };
}

function typeOf(value: object): string {
  return value.constructor?.name ?? 'Object';
}
