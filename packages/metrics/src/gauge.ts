import type { ExpositionFormat } from './exposition-format.ts';
import { formatFloat } from './format-float.ts';
import type { MetricOptions } from './metric-definition.ts';
import { type FamilyChild, type Metric, MetricFamily } from './metric-family.ts';
import type { Sample } from './sample.ts';

/**
 * One label set of a gauge. Never throws: what is not a number is ignored and counted in
 * `gatewayz_metrics_refused_total`. `NaN` and the infinities are values.
 */
export interface GaugeChild {
  set(value: number): void;
  inc(value?: number): void;
  dec(value?: number): void;
}

/** A value that rises and falls. Without labels it is its own child. */
export type Gauge<L extends string = never> = Metric<L, GaugeChild> &
  ([L] extends [never] ? GaugeChild : unknown);

class GaugeSeries implements GaugeChild, FamilyChild {
  readonly key: string;
  readonly sequence: number;
  readonly #family: GaugeFamily;
  readonly #prefix: string;
  #value = 0;

  constructor(family: GaugeFamily, key: string, sequence: number) {
    this.#family = family;
    this.key = key;
    this.sequence = sequence;
    this.#prefix = family.samplePrefix(family.name, key);
  }

  set(value: number): void {
    if (typeof value === 'number') {
      this.#value = value;
    } else {
      this.#family.losses.refused();
    }
  }

  inc(value: number = 1): void {
    if (typeof value === 'number') {
      this.#value += value;
    } else {
      this.#family.losses.refused();
    }
  }

  dec(value: number = 1): void {
    if (typeof value === 'number') {
      this.#value -= value;
    } else {
      this.#family.losses.refused();
    }
  }

  render(_format: ExpositionFormat): string {
    return `${this.#prefix}${formatFloat(this.#value)}\n`;
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

  exemplars(): readonly [] {
    return [];
  }

  restoreExemplar(): void {
    // A gauge has none.
  }
}

/** The implementation behind `Gauge`. */
export class GaugeFamily extends MetricFamily<GaugeSeries> implements GaugeChild {
  constructor(options: MetricOptions<string>, defaultMaxSeries: number) {
    super('gauge', options, defaultMaxSeries);
    this.createUnlabelled();
  }

  get seriesPerChild(): number {
    return 1;
  }

  set(value: number): void {
    this.only().set(value);
  }

  inc(value?: number): void {
    this.only().inc(value);
  }

  dec(value?: number): void {
    this.only().dec(value);
  }

  protected createChild(key: string, sequence: number): GaugeSeries {
    return new GaugeSeries(this, key, sequence);
  }
}
