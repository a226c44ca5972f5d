import {
  buckets,
  type CounterChild,
  type HistogramChild,
  makeLabelSets,
  makeValues,
  type Subject,
} from './subject.ts';

const COUNTERS_PER_METRIC = 1000;
const HISTOGRAMS_PER_METRIC = 100;
/** Lines of one histogram label set: the buckets, `+Inf`, sum and count. */
const HISTOGRAM_LINES = buckets.length + 3;

function families<T>(
  count: number,
  perFamily: number,
  make: (index: number, size: number) => readonly T[],
): T[] {
  const children: T[] = [];
  for (let left = count, index = 0; left > 0; left -= perFamily, index += 1) {
    for (const child of make(index, Math.min(left, perFamily))) {
      children.push(child);
    }
  }
  return children;
}

/**
 * Makes `series` exposition lines, half of counters and half of histograms, and touches each child once.
 * @returns a function that touches each child again, so that nothing of an earlier render can be used for the next
 */
export function fill(subject: Subject, series: number): () => void {
  const histogramCount = Math.round(series / 2 / HISTOGRAM_LINES);
  const counterCount = series - histogramCount * HISTOGRAM_LINES;
  const counters: readonly CounterChild[] = families(counterCount, COUNTERS_PER_METRIC, (index, size) =>
    subject.counter(`bench_requests_${index}_total`, makeLabelSets(size)),
  );
  const histograms: readonly HistogramChild[] = families(
    histogramCount,
    HISTOGRAMS_PER_METRIC,
    (index, size) => subject.histogram(`bench_duration_${index}_seconds`, makeLabelSets(size)),
  );
  const values = makeValues();
  let next = 0;
  const touch = (): void => {
    for (const counter of counters) {
      counter.inc();
    }
    for (const histogram of histograms) {
      histogram.observe(values[next & 1023] ?? 0);
      next += 1;
    }
  };
  touch();
  return touch;
}
