import { MetricDefinitionError } from './metric-definition-error.ts';

/** What every metric is defined by. `maxSeries` caps its label sets; the registry's default holds without it. */
export interface MetricOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
  readonly maxSeries?: number;
}

/** A histogram's definition: `buckets` are upper bounds, at least 0, rising; `+Inf` is added. */
export interface HistogramOptions<L extends string> extends MetricOptions<L> {
  readonly buckets: readonly number[];
}

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'info';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Throws `MetricDefinitionError` unless name, help, labels and cap are usable for that type. */
export function checkDefinition(type: MetricType, options: MetricOptions<string>): void {
  checkName(type, options.name);
  if (typeof options.help !== 'string') {
    throw new MetricDefinitionError('invalid_help', `help of ${options.name} must be a string`, options.help);
  }
  checkLabels(type, options.name, options.labels ?? []);
  if (options.maxSeries !== undefined) {
    checkCount('maxSeries', options.maxSeries);
  }
}

/** Throws `MetricDefinitionError` unless the value is a whole number of at least 1, or Infinity. */
export function checkCount(option: string, value: number): void {
  if (value !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(value) && value >= 1)) {
    throw new MetricDefinitionError(
      'invalid_option',
      `${option} must be a whole number of at least 1`,
      value,
    );
  }
}

function checkName(type: MetricType, name: string): void {
  if (typeof name !== 'string' || !METRIC_NAME.test(name)) {
    throw new MetricDefinitionError('invalid_name', `a metric name must match ${METRIC_NAME}`, name);
  }
  if (type === 'counter' && !/._total$/.test(name)) {
    throw new MetricDefinitionError('invalid_name', 'the name of a counter must end in _total', name);
  }
}

function checkLabels(type: MetricType, metric: string, labels: readonly string[]): void {
  if (!Array.isArray(labels)) {
    throw new MetricDefinitionError('invalid_labels', `labels of ${metric} must be an array`, labels);
  }
  for (const label of labels) {
    if (typeof label !== 'string' || !LABEL_NAME.test(label)) {
      throw new MetricDefinitionError(
        'invalid_labels',
        `a label of ${metric} must match ${LABEL_NAME}`,
        label,
      );
    }
    if (label.startsWith('__') || (type === 'histogram' && label === 'le')) {
      throw new MetricDefinitionError('invalid_labels', `a label of ${metric} must not be reserved`, label);
    }
  }
  if (new Set(labels).size !== labels.length) {
    throw new MetricDefinitionError('invalid_labels', `labels of ${metric} must differ`, labels);
  }
}

/**
 * Returns the finite upper bounds of a histogram, a trailing `Infinity` left out.
 * @throws MetricDefinitionError where they are empty, not numbers, negative or not strictly rising
 */
export function readBuckets(metric: string, buckets: readonly number[]): readonly number[] {
  const refuse = (expected: string): never => {
    throw new MetricDefinitionError('invalid_buckets', `buckets of ${metric} must ${expected}`, buckets);
  };
  if (!Array.isArray(buckets)) {
    return refuse('be an array of numbers');
  }
  const bounds: readonly number[] =
    buckets.at(-1) === Number.POSITIVE_INFINITY ? buckets.slice(0, -1) : [...buckets];
  if (bounds.length === 0) {
    return refuse('hold at least one finite bound');
  }
  if (!bounds.every((bound) => typeof bound === 'number' && bound >= 0 && bound < Number.POSITIVE_INFINITY)) {
    return refuse('be numbers of at least 0');
  }
  if (bounds.some((bound, index) => index > 0 && bound <= (bounds[index - 1] ?? 0))) {
    return refuse('rise strictly');
  }
  return bounds.map((bound) => bound + 0);
}
