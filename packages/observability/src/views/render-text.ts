import { createRegistry } from '@gatewayz/metrics';
import { type Answer, knownOf } from './answer.ts';
import type { ViewDefinition } from './view-definition.ts';

/** Shows the known values as Prometheus text 0.0.4, rendered by a registry that is made for it. */
export async function renderText(definitions: readonly ViewDefinition[], answer: Answer): Promise<string> {
  const registry = createRegistry({ selfMetrics: false, defaultMaxSeries: Number.POSITIVE_INFINITY });
  for (const { name, help, type, labels } of definitions) {
    const known = knownOf(answer, name);
    if (known.length === 0) continue;
    if (type === 'counter') {
      const counter = registry.counter<string>({ name, help, labels });
      for (const element of known) counter.labels(element.labels).inc(element.value);
    } else {
      const gauge = registry.gauge<string>({ name, help, labels });
      for (const element of known) gauge.labels(element.labels).set(element.value);
    }
  }
  return (await registry.render()).toString();
}

/** Says of what kind an answer of this age is, in the same format. */
export function renderProvenance({ source, isPartial }: Answer, ageSeconds: number): string {
  return `# HELP gatewayz_view_source Always 1; says whether the values are the fleet's or this process's.
# TYPE gatewayz_view_source gauge
gatewayz_view_source{source="${source}"} 1.0
# HELP gatewayz_view_age_seconds Age of the samples behind the values.
# TYPE gatewayz_view_age_seconds gauge
gatewayz_view_age_seconds ${ageSeconds.toFixed(3)}
# HELP gatewayz_view_partial 1 where some values could not be asked for, else 0.
# TYPE gatewayz_view_partial gauge
gatewayz_view_partial ${isPartial ? '1.0' : '0.0'}
`;
}
