import type { ExpositionFormat } from './exposition-format.ts';
import type { MetricOptions } from './metric-definition.ts';
import { type FamilyChild, type LabelValues, type Metric, MetricFamily } from './metric-family.ts';
import type { Sample } from './sample.ts';

/**
 * Facts carried by labels, with the value 1. In text 0.0.4 a gauge under its own name; in OpenMetrics the type
 * `info` where the name ends in `_info`, else a gauge.
 */
export interface Info<L extends string = never> extends Omit<Metric<L, never>, 'labels'> {
  /** Exports one more label set; `clear` first to replace. */
  set(values: LabelValues<L>): void;
}

class InfoSeries implements FamilyChild {
  readonly key: string;
  readonly sequence: number;
  readonly #family: InfoFamily;
  readonly #line: string;

  constructor(family: InfoFamily, key: string, sequence: number) {
    this.#family = family;
    this.key = key;
    this.sequence = sequence;
    this.#line = `${family.samplePrefix(family.name, key)}1.0\n`;
  }

  render(_format: ExpositionFormat): string {
    return this.#line;
  }

  samples(): Iterable<Sample> {
    return [{ name: this.#family.name, labels: this.#family.labelRecord(this.key), value: 1 }];
  }

  writeCells(into: Float64Array): void {
    into[0] = 1;
  }

  readCells(): void {
    // Its value is always 1.
  }

  exemplars(): readonly [] {
    return [];
  }

  restoreExemplar(): void {
    // An info has none.
  }
}

/** The implementation behind `Info`. */
export class InfoFamily extends MetricFamily<InfoSeries> {
  constructor(options: MetricOptions<string>, defaultMaxSeries: number) {
    super('info', options, defaultMaxSeries);
    this.createUnlabelled();
  }

  get seriesPerChild(): number {
    return 1;
  }

  set(values: Readonly<Record<string, string>>): void {
    this.labels(values);
  }

  protected createChild(key: string, sequence: number): InfoSeries {
    return new InfoSeries(this, key, sequence);
  }
}
