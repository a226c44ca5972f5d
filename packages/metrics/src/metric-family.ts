import { escapeHelp, escapeLabelValue } from './escape-text.ts';
import type { ExemplarSlot, KeptExemplar } from './exemplar.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import {
  appendToLabelKey,
  MAX_LABEL_VALUE_LENGTH,
  OVERFLOW_LABEL_VALUE,
  readLabelKey,
  readLabelValue,
} from './label-value.ts';
import { checkDefinition, type MetricOptions, type MetricType } from './metric-definition.ts';
import { openMetricsName } from './occupied-names.ts';
import type { Sample } from './sample.ts';

/** The values of a metric's labels; the order of the keys does not matter. */
export type LabelValues<L extends string> = Readonly<Record<L, string>>;

/**
 * What all metrics offer.
 * `labels` resolves a label set to its child, the same object every time: resolve once, keep it, update it.
 * `remove` and `clear` take children out of the exposition; a removed child that is still held keeps counting
 * for itself alone and never comes back, while `labels` makes a new one from zero.
 */
export interface Metric<L extends string, Child> {
  readonly name: string;
  readonly help: string;
  labels(values: LabelValues<L>): Child;
  remove(...values: [L] extends [never] ? [] : [LabelValues<L>]): boolean;
  clear(): void;
}

/** One label set of a family, as the renderer and the reader see it. */
export interface FamilyChild {
  readonly key: string;
  /** Rises with every child of a family, so that a render can skip what appeared after it began. */
  readonly sequence: number;
  render(format: ExpositionFormat): string;
  samples(): Iterable<Sample>;
  /** Writes what it has counted; `into` has as many cells as the snapshot of its family says. */
  writeCells(into: Float64Array): void;
  /** Takes over what another has counted. */
  readCells(cells: Float64Array): void;
  /** Its exemplars by cell, each with or without one. */
  exemplars(): readonly (ExemplarSlot | undefined)[];
  restoreExemplar(cell: number, exemplar: KeptExemplar): void;
}

/** Where a family reports what it did not take; the registry turns it into counters. */
export interface FamilyLosses {
  dropped(): void;
  refused(): void;
}

const NO_LOSSES: FamilyLosses = { dropped: () => undefined, refused: () => undefined };

/** A metric with all its children: resolution, the cap, removal. */
export abstract class MetricFamily<Child extends FamilyChild> {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labelNames: readonly string[];
  readonly maxSeries: number;
  readonly children: Map<string, Child> = new Map();
  losses: FamilyLosses = NO_LOSSES;
  newestSequence = 0;

  readonly #overflowKey: string;
  readonly #headers: Readonly<Record<ExpositionFormat, string>>;
  #only: Child | null = null;

  constructor(type: MetricType, options: MetricOptions<string>, defaultMaxSeries: number) {
    checkDefinition(type, options);
    this.name = options.name;
    this.help = options.help.toWellFormed();
    this.type = type;
    this.labelNames = [...(options.labels ?? [])];
    this.maxSeries = options.maxSeries ?? defaultMaxSeries;
    this.#overflowKey = this.labelNames.reduce((key) => appendToLabelKey(key, OVERFLOW_LABEL_VALUE), '');
    this.#headers = { text: this.#createHeader('text'), openmetrics: this.#createHeader('openmetrics') };
  }

  protected abstract createChild(key: string, sequence: number): Child;

  /** How many time series one child is in the exposition. */
  abstract get seriesPerChild(): number;

  /** A histogram's finite upper bounds, else empty. */
  get bounds(): readonly number[] {
    return [];
  }

  header(format: ExpositionFormat): string {
    return this.#headers[format];
  }

  labels(values: Readonly<Record<string, string>>): Child {
    let key = '';
    for (const name of this.labelNames) {
      let value = readLabelValue(values, name);
      if (value.length > MAX_LABEL_VALUE_LENGTH) {
        this.losses.dropped();
        value = OVERFLOW_LABEL_VALUE;
      }
      key = appendToLabelKey(key, value);
    }
    return this.children.get(key) ?? this.#admit(key);
  }

  remove(values: Readonly<Record<string, string>> = {}): boolean {
    let key = '';
    for (const name of this.labelNames) {
      const value = readLabelValue(values, name);
      if (value.length > MAX_LABEL_VALUE_LENGTH) {
        return false;
      }
      key = appendToLabelKey(key, value);
    }
    this.#only = null;
    return this.children.delete(key);
  }

  clear(): void {
    this.#only = null;
    this.children.clear();
  }

  /** The child of a metric without labels: there from the start, and again on the first use after a removal. */
  protected only(): Child {
    this.#only ??= this.labels({});
    return this.#only;
  }

  /** The child that a key of a snapshot goes to: its own, or the one for all that is over the cap. Counts no loss. */
  childFor(key: string): Child {
    const isOver = key !== this.#overflowKey && !this.children.has(key) && this.#isFull();
    return this.#keep(isOver ? this.#overflowKey : key);
  }

  /** Takes children out by their keys. */
  removeAll(keys: Iterable<string>): void {
    this.#only = null;
    for (const key of keys) {
      this.children.delete(key);
    }
  }

  /** Creates the child of a metric without labels; the subclass calls it once its own fields are set. */
  protected createUnlabelled(): void {
    if (this.labelNames.length === 0) {
      this.only();
    }
  }

  /** What stands before the value on a line that shows one child: `name{a="x"} `, as one flat string. */
  samplePrefix(name: string, key: string): string {
    const labels = this.labelText(key);
    return labels === '' ? `${name} ` : [name, '{', labels, '} '].join('');
  }

  /** `a="x",b="y"` for a child's key, as one flat string. */
  labelText(key: string): string {
    const pairs = readLabelKey(key).map(
      (value, index) => `${this.labelNames[index]}="${escapeLabelValue(value)}"`,
    );
    return pairs.join(',');
  }

  labelRecord(key: string): Readonly<Record<string, string>> {
    const values = readLabelKey(key);
    return Object.fromEntries(this.labelNames.map((name, index) => [name, values[index] ?? '']));
  }

  #admit(wanted: string): Child {
    if (wanted !== this.#overflowKey && this.#isFull()) {
      this.losses.dropped();
      return this.#keep(this.#overflowKey);
    }
    return this.#keep(wanted);
  }

  #keep(key: string): Child {
    const kept = this.children.get(key);
    if (kept !== undefined) {
      return kept;
    }
    this.newestSequence += 1;
    const child = this.createChild(key, this.newestSequence);
    this.children.set(key, child);
    return child;
  }

  #isFull(): boolean {
    const own = this.children.size - (this.children.has(this.#overflowKey) ? 1 : 0);
    return own >= this.maxSeries;
  }

  #createHeader(format: ExpositionFormat): string {
    const isInfo = this.type === 'info' && !(format === 'openmetrics' && this.name.endsWith('_info'));
    const type = isInfo ? 'gauge' : this.type;
    const name = format === 'openmetrics' ? openMetricsName(type, this.name) : this.name;
    return `# HELP ${name} ${escapeHelp(this.help, format)}\n# TYPE ${name} ${type}\n`;
  }
}
