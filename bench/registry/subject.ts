/** A counter child as the bench drives it. */
export interface CounterChild {
  inc(): void;
}

/** A histogram child as the bench drives it. */
export interface HistogramChild {
  observe(value: number): void;
}

/** One label set of the bench's metrics. */
export type LabelSet = Readonly<Record<(typeof labelNames)[number], string>>;

/** The labels that every metric of the bench has. */
export const labelNames = ['provider', 'model', 'status'] as const;

/** Upper bounds of the bench's histograms: 12 and `+Inf`. */
export const buckets: readonly number[] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A metrics library under measurement. */
export interface Subject {
  /** Makes one counter and returns a child per label set. */
  counter(name: string, labelSets: readonly LabelSet[]): readonly CounterChild[];
  /** Makes one histogram and returns a child per label set. */
  histogram(name: string, labelSets: readonly LabelSet[]): readonly HistogramChild[];
  /** The whole exposition. */
  render(): Promise<string | Buffer>;
}

/** `count` distinct label sets of the kind a gateway has. */
export function makeLabelSets(count: number): LabelSet[] {
  return Array.from({ length: count }, (_, index) => ({
    provider: `provider-${index % 10}`,
    model: `vendor/model-${Math.floor(index / 20)}-instruct`,
    status: Math.floor(index / 10) % 2 === 0 ? 'success' : 'error',
  }));
}

/** Values between 1 ms and 60 s, spread evenly over the magnitudes, the same in every run. */
export function makeValues(): Float64Array {
  let state = 42;
  return Float64Array.from({ length: 1024 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return 0.001 * 60_000 ** (state / 2_147_483_648);
  });
}
