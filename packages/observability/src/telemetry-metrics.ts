import type { CounterChild, Registry } from '@gatewayz/metrics';
import type { MetricDefinition } from './metric-definition.ts';

/** Logs and traces on their way out. */
const definitions = {
  logLines: {
    name: 'gatewayz_log_lines_total',
    type: 'counter',
    help: 'Log lines by what became of them on their way to Loki; dropped_stdout are those that standard output did not take.',
    labels: ['outcome'],
  },
  logQueue: {
    name: 'loki_log_queue_size',
    type: 'gauge',
    help: 'Log lines that wait for Loki.',
    labels: [],
  },
  spans: {
    name: 'gatewayz_spans_total',
    type: 'counter',
    help: 'Spans by what became of them on their way to the collector.',
    labels: ['outcome'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of the telemetry section, as data. */
export const telemetryCatalogue: readonly MetricDefinition[] = Object.values(definitions);

const LINE_OUTCOMES = [
  'delivered',
  'dropped_full',
  'dropped_rejected',
  'dropped_closed',
  'dropped_stdout',
] as const;
const SPAN_OUTCOMES = ['exported', 'dropped_full', 'dropped_failed'] as const;

/** Log lines since the start of the process, by outcome, and those that wait. */
export type LogLineCounts = Readonly<Record<(typeof LINE_OUTCOMES)[number] | 'queued', number>>;
/** Spans since the start of the process, by outcome. */
export type SpanOutcomeCounts = Readonly<Record<(typeof SPAN_OUTCOMES)[number], number>>;

/** Shows the counts that the telemetry sinks keep themselves. */
export interface TelemetryMetrics {
  lines(counts: LogLineCounts): void;
  spans(counts: SpanOutcomeCounts): void;
}

/** Creates the telemetry section of the metric contract on a registry; every outcome is there from the start. */
export function createTelemetryMetrics(registry: Registry): TelemetryMetrics {
  const lines = registry.counter(definitions.logLines);
  const spans = registry.counter(definitions.spans);
  const queue = registry.gauge(definitions.logQueue);
  queue.set(0);
  const setLines = createTotals(LINE_OUTCOMES, (outcome) => lines.labels({ outcome }));
  const setSpans = createTotals(SPAN_OUTCOMES, (outcome) => spans.labels({ outcome }));
  return {
    lines(counts) {
      setLines(counts);
      queue.set(counts.queued);
    },
    spans: setSpans,
  };
}

/** Counters that follow totals kept elsewhere. */
function createTotals<K extends string>(
  outcomes: readonly K[],
  toChild: (outcome: K) => CounterChild,
): (totals: Readonly<Record<K, number>>) => void {
  const children = outcomes.map((outcome) => ({ outcome, child: toChild(outcome), shown: 0 }));
  return (totals) => {
    for (const one of children) {
      const more = totals[one.outcome] - one.shown;
      if (more <= 0) continue;
      one.child.inc(more);
      one.shown += more;
    }
  };
}
