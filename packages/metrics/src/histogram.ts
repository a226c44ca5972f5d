import { type Exemplar, ExemplarSlot, type KeptExemplar } from './exemplar.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import { formatBound, formatFloat } from './format-float.ts';
import { type HistogramOptions, readBuckets } from './metric-definition.ts';
import { type FamilyChild, type Metric, MetricFamily } from './metric-family.ts';
import type { Sample } from './sample.ts';

/** One label set of a histogram. */
export interface HistogramChild {
  /**
   * Counts `value` into its bucket. Never throws: what is negative, not finite or not a number is ignored and
   * counted in `gatewayz_metrics_refused_total`.
   */
  observe(value: number, exemplar?: Exemplar): void;
}

/** A distribution over fixed buckets. Without labels it is its own child. */
export type Histogram<L extends string = never> = Metric<L, HistogramChild> &
  ([L] extends [never] ? HistogramChild : unknown);

class HistogramSeries implements HistogramChild, FamilyChild {
  readonly key: string;
  readonly sequence: number;
  readonly #family: HistogramFamily;
  readonly #bounds: readonly number[];
  readonly #labelText: string;
  /** Per bucket, not cumulative, and the sum last: an observation touches two cells and allocates nothing. */
  readonly #cells: Float64Array;
  #exemplars: (ExemplarSlot | undefined)[] | null = null;

  constructor(family: HistogramFamily, key: string, sequence: number) {
    this.#family = family;
    this.key = key;
    this.sequence = sequence;
    this.#bounds = family.bounds;
    this.#labelText = family.labelText(key);
    this.#cells = new Float64Array(family.bounds.length + 2);
  }

  observe(value: number, exemplar?: Exemplar): void {
    if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) {
      const bucket = bucketOf(this.#bounds, value);
      const cells = this.#cells;
      cells[bucket] = (cells[bucket] ?? 0) + 1;
      cells[this.#bounds.length + 1] = this.#sum + value;
      if (exemplar) {
        this.#keepExemplar(bucket, exemplar, value);
      }
    } else {
      this.#family.losses.refused();
    }
  }

  writeCells(into: Float64Array): void {
    into.set(this.#cells);
  }

  readCells(cells: Float64Array): void {
    this.#cells.set(cells);
  }

  exemplars(): readonly (ExemplarSlot | undefined)[] {
    return this.#exemplars ?? [];
  }

  restoreExemplar(bucket: number, exemplar: KeptExemplar): void {
    this.#slot(bucket).restore(exemplar);
  }

  #keepExemplar(bucket: number, exemplar: Exemplar, value: number): void {
    this.#slot(bucket).keep(exemplar, value);
  }

  #slot(bucket: number): ExemplarSlot {
    this.#exemplars ??= [];
    const slot = this.#exemplars[bucket] ?? new ExemplarSlot();
    this.#exemplars[bucket] = slot;
    return slot;
  }

  get #sum(): number {
    return this.#cells[this.#bounds.length + 1] ?? 0;
  }

  render(format: ExpositionFormat): string {
    const labels = this.#labelText;
    const { bucketHead, bucketTails, sumHead, countHead, headEnd } = this.#family.texts;
    const exemplars = format === 'openmetrics' ? this.#exemplars : null;
    let text = '';
    let count = 0;
    for (let bucket = 0; bucket < bucketTails.length; bucket += 1) {
      count += this.#cells[bucket] ?? 0;
      text += `${bucketHead}${labels}${bucketTails[bucket]}${count}`;
      text += exemplars === null ? '.0\n' : `.0${exemplars[bucket]?.render() ?? ''}\n`;
    }
    return `${text}${sumHead}${labels}${headEnd}${formatFloat(this.#sum)}\n${countHead}${labels}${headEnd}${count}.0\n`;
  }

  *samples(): Generator<Sample> {
    const { name, boundTexts } = this.#family;
    const labels = this.#family.labelRecord(this.key);
    // Read whole before the first value leaves, so that a slow consumer sees one instant.
    const counts = this.#cells.slice();
    const sum = this.#sum;
    let count = 0;
    for (const [bucket, le] of boundTexts.entries()) {
      count += counts[bucket] ?? 0;
      yield { name: `${name}_bucket`, labels: { ...labels, le }, value: count };
    }
    yield { name: `${name}_sum`, labels, value: sum };
    yield { name: `${name}_count`, labels, value: count };
  }
}

function bucketOf(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (bounds[middle] ?? 0)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** The parts of a histogram's lines that all its children share. */
interface LineTexts {
  readonly bucketHead: string;
  readonly bucketTails: readonly string[];
  readonly sumHead: string;
  readonly countHead: string;
  readonly headEnd: string;
}

/** The implementation behind `Histogram`. */
export class HistogramFamily extends MetricFamily<HistogramSeries> implements HistogramChild {
  readonly #bounds: readonly number[];
  readonly boundTexts: readonly string[];
  readonly texts: LineTexts;

  constructor(options: HistogramOptions<string>, defaultMaxSeries: number) {
    super('histogram', options, defaultMaxSeries);
    this.#bounds = readBuckets(options.name, options.buckets);
    this.boundTexts = [...this.#bounds.map(formatBound), '+Inf'];
    this.texts = this.#createTexts();
    this.createUnlabelled();
  }

  override get bounds(): readonly number[] {
    return this.#bounds;
  }

  get seriesPerChild(): number {
    return this.#bounds.length + 3;
  }

  observe(value: number, exemplar?: Exemplar): void {
    this.only().observe(value, exemplar);
  }

  protected createChild(key: string, sequence: number): HistogramSeries {
    return new HistogramSeries(this, key, sequence);
  }

  #createTexts(): LineTexts {
    const isLabelled = this.labelNames.length > 0;
    return {
      bucketHead: `${this.name}_bucket{`,
      bucketTails: this.boundTexts.map((le) => `${isLabelled ? ',' : ''}le="${le}"} `),
      sumHead: `${this.name}_sum${isLabelled ? '{' : ''}`,
      countHead: `${this.name}_count${isLabelled ? '{' : ''}`,
      headEnd: isLabelled ? '} ' : ' ',
    };
  }
}
