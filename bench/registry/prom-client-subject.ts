import { Counter, Histogram, Registry } from 'prom-client';
import {
  buckets,
  type CounterChild,
  type HistogramChild,
  type LabelSet,
  labelNames,
  type Subject,
} from './subject.ts';

/**
 * prom-client, in a registry of its own.
 * @param kept whether the children are its own `labels(...)` ones, or pass the labels at every call
 */
export function createPromClientSubject(kept: boolean): Subject {
  const registry = new Registry();
  const common = { help: 'A metric of the bench.', labelNames: [...labelNames], registers: [registry] };
  return {
    counter(name: string, labelSets: readonly LabelSet[]): readonly CounterChild[] {
      const counter = new Counter({ ...common, name });
      return labelSets.map((labels) => {
        counter.inc(labels, 0);
        return kept ? counter.labels(labels) : { inc: () => counter.inc(labels) };
      });
    },
    histogram(name: string, labelSets: readonly LabelSet[]): readonly HistogramChild[] {
      const histogram = new Histogram({ ...common, name, buckets: [...buckets] });
      return labelSets.map((labels) => {
        histogram.zero(labels);
        return kept ? histogram.labels(labels) : { observe: (value) => histogram.observe(labels, value) };
      });
    },
    render: () => registry.metrics(),
  };
}
