/** What a metric is, before anything is counted: the one place where its name, labels and bounds stand. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds in the metric's unit, ascending, without +Inf. */
  readonly buckets?: readonly number[];
  /** How many label sets are kept before the rest goes to `other`; the registry's default where absent. */
  readonly maxSeries?: number;
}
