import { type Exemplar, ExemplarSlot, type KeptExemplar } from './exemplar.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import { formatFloat } from './format-float.ts';
import type { MetricOptions } from './metric-definition.ts';
import { type FamilyChild, type Metric, MetricFamily } from './metric-family.ts';
import type { Sample } from './sample.ts';

/** One label set of a counter. */
export interface CounterChild {
  /**
   * Adds `value`, 1 by default. Never throws: what is negative, not finite or not a number is ignored and counted
   * in `gatewayz_metrics_refused_total`.
   */
  inc(value?: number, exemplar?: Exemplar): void;
}

/** A total that only rises; its name ends in `_total`. Without labels it is its own child. */
export type Counter<L extends string = never> = Metric<L, CounterChild> &
  ([L] extends [never] ? CounterChild : unknown);

class CounterSeries implements CounterChild, FamilyChild {
  readonly key: string;
  readonly sequence: number;
  readonly #family: CounterFamily;
  readonly #prefix: string;
  #value = 0;
  #exemplar: ExemplarSlot | null = null;

  constructor(family: CounterFamily, key: string, sequence: number) {
    this.#family = family;
    this.key = key;
    this.sequence = sequence;
    this.#prefix = family.samplePrefix(family.name, key);
  }

  inc(value: number = 1, exemplar?: Exemplar): void {
    if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) {
      this.#value += value;
      if (exemplar) {
        this.#exemplar ??= new ExemplarSlot();
        this.#exemplar.keep(exemplar, value);
      }
    } else {
      this.#family.losses.refused();
    }
  }

  render(format: ExpositionFormat): string {
    const exemplar = format === 'openmetrics' && this.#exemplar !== null ? this.#exemplar.render() : '';
    return `${this.#prefix}${formatFloat(this.#value)}${exemplar}\n`;
  }

  samples(): Iterable<Sample> {
    return [{ name: this.#family.name, labels: this.#family.labelRecord(this.key), value: this.#value }];
  }

  writeCells(into: Float64Array): void {
    into[0] = this.#value;
  }

  readCells(cells: Float64Array): void {
    this.#value = cells[0] ?? 0;
  }

  exemplars(): readonly ExemplarSlot[] {
    return this.#exemplar === null ? [] : [this.#exemplar];
  }

  restoreExemplar(_cell: number, exemplar: KeptExemplar): void {
    this.#exemplar ??= new ExemplarSlot();
    this.#exemplar.restore(exemplar);
  }
}

/** The implementation behind `Counter`. */
export class CounterFamily extends MetricFamily<CounterSeries> implements CounterChild {
  constructor(options: MetricOptions<string>, defaultMaxSeries: number) {
    super('counter', options, defaultMaxSeries);
    this.createUnlabelled();
  }

  get seriesPerChild(): number {
    return 1;
  }

  inc(value?: number, exemplar?: Exemplar): void {
    this.only().inc(value, exemplar);
  }

  protected createChild(key: string, sequence: number): CounterSeries {
    return new CounterSeries(this, key, sequence);
  }
}
