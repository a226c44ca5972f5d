import { ByteSink } from './byte-sink.ts';
import { type Collect, Collectors } from './collectors.ts';
import { type Counter, CounterFamily } from './counter.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import { ForeignFamilies } from './foreign-families.ts';
import { type ForeignSource, ForeignSources, renderForeign } from './foreign-sources.ts';
import { type Gauge, GaugeFamily } from './gauge.ts';
import { type Histogram, HistogramFamily } from './histogram.ts';
import { type Info, InfoFamily } from './info.ts';
import { checkCount, type HistogramOptions, type MetricOptions } from './metric-definition.ts';
import { MetricDefinitionError } from './metric-definition-error.ts';
import type { FamilyChild, MetricFamily } from './metric-family.ts';
import { occupiedNames } from './occupied-names.ts';
import { renderFamilies } from './render-families.ts';
import { restoreFamilies } from './restore-families.ts';
import type { Sample } from './sample.ts';
import { createSelfMetrics, type MetricFactory, type SelfMetrics } from './self-metrics.ts';
import { type RegistrySnapshot, takeSnapshot } from './snapshot.ts';
import { TextSlicer } from './text-slicer.ts';

export interface RegistryOptions {
  /** Label sets per metric that sets no `maxSeries` of its own; 2,000 by default. */
  readonly defaultMaxSeries?: number;
  /** Characters rendered per turn of the event loop; 16,384 by default. */
  readonly sliceBytes?: number;
  /** Whether the registry's own `gatewayz_metrics_*` are shown; true by default. */
  readonly selfMetrics?: boolean;
}

/** A set of metrics and their exposition. What is defined wrongly throws `MetricDefinitionError`. */
export interface Registry extends MetricFactory {
  /** Takes a metric out for good; false where there is none of that name. */
  unregister(name: string): boolean;
  /** The names of all metrics, the registry's own not among them. */
  names(): readonly string[];
  /**
   * Runs `collect` before every render, beside the other collectors and for at most `deadlineMs` (500). One that
   * fails or is late is counted in `gatewayz_metrics_collector_errors_total`. Returns what removes it.
   */
  collector(name: string, collect: Collect, options?: { readonly deadlineMs?: number }): () => void;
  /**
   * Shows another registry (prom-client's, say) after ours, less the families whose names are taken and the lines
   * that are malformed, both counted in `gatewayz_metrics_foreign_dropped_total`. Returns what removes it.
   */
  addForeign(source: ForeignSource, options?: { readonly deadlineMs?: number }): () => void;
  /**
   * Renders everything, a slice per turn of the event loop. Calls that overlap in the same format share one render
   * and one buffer: do not write into it.
   */
  render(options?: { readonly format?: ExpositionFormat }): Promise<Buffer>;
  /** The current values of one metric, or of all; no collector runs. */
  samples(name?: string): Generator<Sample>;
  /** All values as data; with `collect` the collectors run first. Foreign registries and what tells of renders are left out. */
  snapshot(options?: { readonly collect?: boolean }): Promise<RegistrySnapshot>;
  /**
   * Shows what a snapshot holds and nothing else, apart from the registry's own counts, which stay where it has none.
   * Metrics that are not there are made; one that is defined here in another way stays as it is.
   */
  restore(snapshot: RegistrySnapshot): void;
}

/** Creates an empty registry. */
export function createRegistry(options: RegistryOptions = {}): Registry {
  return new MetricRegistry(options);
}

type AnyFamily = MetricFamily<FamilyChild>;

class MetricRegistry implements Registry {
  readonly #defaultMaxSeries: number;
  readonly #sliceBytes: number;
  readonly #families = new Map<string, AnyFamily>();
  readonly #selfFamilies = new Map<string, AnyFamily>();
  readonly #owners = new Map<string, string>();
  readonly #self: SelfMetrics | null;
  readonly #collectors: Collectors;
  readonly #foreign: ForeignSources;
  readonly #renders = new Map<ExpositionFormat, Promise<Buffer>>();
  readonly #lastBytes: Record<ExpositionFormat, number> = { text: 0, openmetrics: 0 };
  #gathering: Promise<readonly string[]> | null = null;

  constructor(options: RegistryOptions) {
    this.#defaultMaxSeries = options.defaultMaxSeries ?? 2000;
    this.#sliceBytes = options.sliceBytes ?? 16_384;
    checkCount('defaultMaxSeries', this.#defaultMaxSeries);
    checkCount('sliceBytes', this.#sliceBytes);
    this.#self = options.selfMetrics === false ? null : createSelfMetrics(this.#selfFactory());
    this.#collectors = new Collectors(this.#self?.collectorErrors ?? null);
    this.#foreign = new ForeignSources(() => this.#self?.createForeignDropped() ?? null);
  }

  counter<L extends string = never>(options: MetricOptions<L>): Counter<L> {
    return asMetric<Counter<L>>(this.#register(new CounterFamily(options, this.#defaultMaxSeries)));
  }

  gauge<L extends string = never>(options: MetricOptions<L>): Gauge<L> {
    return asMetric<Gauge<L>>(this.#register(new GaugeFamily(options, this.#defaultMaxSeries)));
  }

  histogram<L extends string = never>(options: HistogramOptions<L>): Histogram<L> {
    return asMetric<Histogram<L>>(this.#register(new HistogramFamily(options, this.#defaultMaxSeries)));
  }

  info<L extends string = never>(options: MetricOptions<L>): Info<L> {
    return asMetric<Info<L>>(this.#register(new InfoFamily(options, this.#defaultMaxSeries)));
  }

  unregister(name: string): boolean {
    const family = this.#families.get(name);
    if (family === undefined) {
      return false;
    }
    this.#families.delete(name);
    this.#self?.forget(name);
    for (const taken of occupiedNames(family.type, name, 'openmetrics')) {
      this.#owners.delete(taken);
    }
    return true;
  }

  names(): readonly string[] {
    return [...this.#families.keys()];
  }

  collector(name: string, collect: Collect, options: { readonly deadlineMs?: number } = {}): () => void {
    return this.#collectors.add(name, collect, options.deadlineMs);
  }

  addForeign(source: ForeignSource, options: { readonly deadlineMs?: number } = {}): () => void {
    return this.#foreign.add(source, options.deadlineMs);
  }

  render(options: { readonly format?: ExpositionFormat } = {}): Promise<Buffer> {
    const format = options.format === 'openmetrics' ? 'openmetrics' : 'text';
    const running = this.#renders.get(format);
    if (running !== undefined) {
      return running;
    }
    const render = this.#render(format).finally(() => this.#renders.delete(format));
    this.#renders.set(format, render);
    return render;
  }

  *samples(name?: string): Generator<Sample> {
    for (const family of this.#all()) {
      if (name === undefined || family.name === name) {
        for (const child of family.children.values()) {
          yield* child.samples();
        }
      }
    }
  }

  async snapshot({ collect = false }: { readonly collect?: boolean } = {}): Promise<RegistrySnapshot> {
    if (collect) {
      await this.#gather();
    }
    const self = [...this.#selfFamilies.values()].filter(({ name }) => this.#self?.counts.includes(name));
    return [...this.#families.values(), ...self].map(takeSnapshot);
  }

  restore(snapshot: RegistrySnapshot): void {
    restoreFamilies(snapshot, {
      families: this.#families,
      selfFamilies: this.#selfFamilies,
      register: (family) => this.#register(family),
    });
  }

  async #render(format: ExpositionFormat): Promise<Buffer> {
    const texts = await this.#gather();
    const startedMs = performance.now();
    const families = this.#all();
    const taken = families.flatMap((family) => occupiedNames(family.type, family.name, format));
    const foreign = await this.#foreign.sort(texts, new ForeignFamilies(format, taken), this.#sliceBytes);
    this.#self?.series.set(
      families.reduce((sum, family) => sum + family.children.size * family.seriesPerChild, 0),
    );

    const sink = new ByteSink(this.#lastBytes[format]);
    const slicer = new TextSlicer(sink, this.#sliceBytes);
    await renderFamilies(families, format, slicer);
    await renderForeign(foreign, format, slicer);
    slicer.add(format === 'openmetrics' ? '# EOF\n' : '');
    slicer.flush();
    const rendered = await sink.finish();

    this.#lastBytes[format] = rendered.length;
    this.#self?.bytes.set(rendered.length);
    this.#self?.renderSeconds.observe((performance.now() - startedMs) / 1000);
    return rendered;
  }

  /** Runs the collectors and asks the foreign registries; renders of both formats share one run. */
  async #gather(): Promise<readonly string[]> {
    this.#gathering ??= Promise.all([this.#foreign.read(), this.#collectors.run()])
      .then(([texts]) => texts)
      .finally(() => {
        this.#gathering = null;
      });
    return this.#gathering;
  }

  #all(): readonly AnyFamily[] {
    return [...this.#families.values(), ...this.#selfFamilies.values()];
  }

  #register<F extends AnyFamily>(family: F): F {
    this.#claim(family);
    this.#families.set(family.name, family);
    this.#self?.watch(family);
    return family;
  }

  #claim(family: AnyFamily): void {
    const names = occupiedNames(family.type, family.name, 'openmetrics');
    const taken = names.find((name) => this.#owners.has(name));
    if (taken !== undefined) {
      const expected = `${taken} is taken by ${this.#owners.get(taken)}: a metric needs a name of its own`;
      throw new MetricDefinitionError('duplicate_name', expected, family.name);
    }
    for (const name of names) {
      this.#owners.set(name, family.name);
    }
  }

  #selfFactory(): MetricFactory {
    const keep = <F extends AnyFamily>(family: F): F => {
      this.#claim(family);
      this.#selfFamilies.set(family.name, family);
      return family;
    };
    const unlimited = Number.POSITIVE_INFINITY;
    return {
      counter: <L extends string>(options: MetricOptions<L>) =>
        asMetric<Counter<L>>(keep(new CounterFamily(options, unlimited))),
      gauge: <L extends string>(options: MetricOptions<L>) =>
        asMetric<Gauge<L>>(keep(new GaugeFamily(options, unlimited))),
      histogram: <L extends string>(options: HistogramOptions<L>) =>
        asMetric<Histogram<L>>(keep(new HistogramFamily(options, unlimited))),
      info: <L extends string>(options: MetricOptions<L>) =>
        asMetric<Info<L>>(keep(new InfoFamily(options, unlimited))),
    };
  }
}

/** The families are typed for any labels; the caller's label names exist in the public types alone. */
function asMetric<M>(family: AnyFamily): M {
  return family as unknown as M;
}
