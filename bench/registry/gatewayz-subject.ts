import { createRegistry } from '@gatewayz/metrics';
import {
  buckets,
  type CounterChild,
  type HistogramChild,
  type LabelSet,
  labelNames,
  type Subject,
} from './subject.ts';

/** `@gatewayz/metrics`, with children that are resolved once and kept. */
export function createGatewayzSubject(): Subject {
  const registry = createRegistry();
  const help = 'A metric of the bench.';
  return {
    counter(name: string, labelSets: readonly LabelSet[]): readonly CounterChild[] {
      const counter = registry.counter({ name, help, labels: labelNames });
      return labelSets.map((labels) => counter.labels(labels));
    },
    histogram(name: string, labelSets: readonly LabelSet[]): readonly HistogramChild[] {
      const histogram = registry.histogram({ name, help, labels: labelNames, buckets });
      return labelSets.map((labels) => histogram.labels(labels));
    },
    render: () => registry.render(),
  };
}
