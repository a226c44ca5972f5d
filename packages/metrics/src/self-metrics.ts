import type { Counter } from './counter.ts';
import type { ForeignDropped } from './foreign-sources.ts';
import type { Gauge } from './gauge.ts';
import type { Histogram } from './histogram.ts';
import type { Info } from './info.ts';
import type { HistogramOptions, MetricOptions } from './metric-definition.ts';
import type { FamilyChild, MetricFamily } from './metric-family.ts';

/** What defines metrics. */
export interface MetricFactory {
  counter<L extends string = never>(options: MetricOptions<L>): Counter<L>;
  gauge<L extends string = never>(options: MetricOptions<L>): Gauge<L>;
  histogram<L extends string = never>(options: HistogramOptions<L>): Histogram<L>;
  info<L extends string = never>(options: MetricOptions<L>): Info<L>;
}

/** The registry's metrics about itself. */
export interface SelfMetrics {
  readonly series: Gauge;
  readonly bytes: Gauge;
  readonly renderSeconds: Histogram;
  readonly collectorErrors: Counter<'collector'>;
  /** The names of those that count what befell updates and collectors, and not expositions. */
  readonly counts: readonly string[];
  createForeignDropped(): ForeignDropped;
  /** Counts what a family drops or refuses. */
  watch(family: MetricFamily<FamilyChild>): void;
  forget(metric: string): void;
}

export function createSelfMetrics(factory: MetricFactory): SelfMetrics {
  const dropped = factory.counter({
    name: 'gatewayz_metrics_series_dropped_total',
    help: 'Label sets over the cap, and label values over the length limit, that were reported as "other".',
    labels: ['metric'],
  });
  const refused = factory.counter({
    name: 'gatewayz_metrics_refused_total',
    help: 'Updates that were ignored because their value is negative, not finite or not a number.',
    labels: ['metric'],
  });
  const collectorErrors = factory.counter({
    name: 'gatewayz_metrics_collector_errors_total',
    help: 'Collector runs that failed or did not end before their deadline.',
    labels: ['collector'],
  });
  return {
    counts: [dropped.name, refused.name, collectorErrors.name],
    collectorErrors,
    series: factory.gauge({ name: 'gatewayz_metrics_series', help: 'Time series in the exposition.' }),
    bytes: factory.gauge({ name: 'gatewayz_metrics_bytes', help: 'Size of the last exposition in bytes.' }),
    renderSeconds: factory.histogram({
      name: 'gatewayz_metrics_render_seconds',
      help: 'Time from the end of the collectors to the finished exposition.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    }),
    createForeignDropped: () => createForeignDropped(factory),
    watch: (family) => watchFamily(family, dropped, refused),
    forget: (metric) => {
      dropped.remove({ metric });
      refused.remove({ metric });
    },
  };
}

function createForeignDropped(factory: MetricFactory): ForeignDropped {
  const dropped = factory.counter({
    name: 'gatewayz_metrics_foreign_dropped_total',
    help: 'Foreign families that collide, foreign lines that are malformed, foreign registries that did not answer.',
    labels: ['reason'],
  });
  for (const reason of ['collision', 'malformed', 'unavailable']) {
    dropped.labels({ reason });
  }
  return dropped;
}

function watchFamily(
  family: MetricFamily<FamilyChild>,
  dropped: Counter<'metric'>,
  refused: Counter<'metric'>,
): void {
  const metric = family.name;
  // A metric without labels has one series and can drop none.
  const drops = family.labelNames.length === 0 ? null : dropped.labels({ metric });
  family.losses = {
    dropped: () => drops?.inc(),
    refused: () => refused.labels({ metric }).inc(),
  };
}
