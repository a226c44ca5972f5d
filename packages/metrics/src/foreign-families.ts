import { escapeHelp } from './escape-text.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import type { ForeignLine, ForeignSample } from './foreign-line.ts';
import { formatFloat } from './format-float.ts';
import { type FamilyType, occupiedNames } from './occupied-names.ts';

/** A foreign family, its samples put together and its name free of ours. */
export interface ForeignFamily {
  readonly name: string;
  readonly type: FamilyType;
  help: string;
  readonly samples: ForeignSample[];
  readonly series: Set<string>;
}

const TYPES: ReadonlyMap<string, FamilyType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['info', 'info'],
]);

const SAMPLE_SUFFIX = /_(?:total|created|bucket|sum|count|info)$/;

/** Why something foreign was left out. */
export type ForeignLoss = 'collision' | 'malformed';

/**
 * Sorts foreign lines into families. A family whose names are taken (by ours, or by an earlier foreign one) is left
 * out whole; a sample that its family cannot have, or has already, counts as malformed.
 */
export class ForeignFamilies {
  readonly #format: ExpositionFormat;
  readonly #taken: Set<string>;
  readonly #families = new Map<string, ForeignFamily | null>();
  readonly #losses: Record<ForeignLoss, number> = { collision: 0, malformed: 0 };
  readonly #helps = new Map<string, string>();

  constructor(format: ExpositionFormat, taken: Iterable<string>) {
    this.#format = format;
    this.#taken = new Set(taken);
  }

  get losses(): Readonly<Record<ForeignLoss, number>> {
    return this.#losses;
  }

  /** The families that have samples. */
  *kept(): Generator<ForeignFamily> {
    for (const family of this.#families.values()) {
      if (family !== null && family.samples.length > 0) {
        yield family;
      }
    }
  }

  add(line: ForeignLine | null): void {
    switch (line?.kind) {
      case undefined:
        this.#losses.malformed += 1;
        break;
      case 'help':
        this.#help(line.family, line.help);
        break;
      case 'type':
        this.#declare(line.family, TYPES.get(line.type) ?? 'unknown');
        break;
      case 'sample':
        this.#place(line);
        break;
      case 'ignored':
        break;
      default:
        line satisfies never;
    }
  }

  #help(name: string, help: string): void {
    const family = this.#families.get(name);
    if (family) {
      family.help = help;
    }
    this.#helps.set(name, help);
  }

  #declare(name: string, type: FamilyType): ForeignFamily | null {
    const known = this.#families.get(name);
    if (known !== undefined) {
      return known;
    }
    const names = occupiedNames(type, name, this.#format);
    const isFree = !names.some((taken) => this.#taken.has(taken));
    const family = isFree
      ? { name, type, help: this.#helps.get(name) ?? '', samples: [], series: new Set<string>() }
      : null;
    this.#families.set(name, family);
    if (isFree) {
      for (const taken of names) {
        this.#taken.add(taken);
      }
    } else {
      this.#losses.collision += 1;
    }
    return family;
  }

  #ownerOf(sampleName: string): ForeignFamily | null {
    for (const name of [sampleName, sampleName.replace(SAMPLE_SUFFIX, '')]) {
      const family = this.#families.get(name);
      if (family !== undefined) {
        return family;
      }
    }
    return this.#declare(sampleName, 'unknown');
  }

  #place(sample: ForeignSample): void {
    const family = this.#ownerOf(sample.name);
    if (family === null) {
      return;
    }
    if (!mayHold(family, sample) || family.series.has(sample.series)) {
      this.#losses.malformed += 1;
      return;
    }
    family.series.add(sample.series);
    family.samples.push(sample);
  }
}

function mayHold(family: ForeignFamily, sample: ForeignSample): boolean {
  const suffix = sample.name.slice(family.name.length);
  switch (family.type) {
    case 'counter':
      return (
        (suffix === '' || suffix === '_total') && sample.name === (family.samples[0]?.name ?? sample.name)
      );
    case 'histogram':
      return (
        suffix === '_sum' || suffix === '_count' || (suffix === '_bucket' && /[{,]le="/.test(sample.labels))
      );
    case 'summary':
      return (
        suffix === '_sum' || suffix === '_count' || (suffix === '' && /[{,]quantile="/.test(sample.labels))
      );
    case 'info':
      return suffix === '_info';
    case 'gauge':
    case 'unknown':
      return suffix === '';
    default:
      return family.type satisfies never;
  }
}

/** The lines above a foreign family's samples. */
export function foreignHeader(family: ForeignFamily, format: ExpositionFormat): string {
  const { name, type } = headline(family, format);
  return `# HELP ${name} ${escapeHelp(family.help, format)}\n# TYPE ${name} ${type}\n`;
}

/** One foreign sample; milliseconds in text become seconds in OpenMetrics. */
export function foreignSampleLine(sample: ForeignSample, format: ExpositionFormat): string {
  let timestamp = '';
  if (sample.timestampMs !== '') {
    timestamp = ` ${format === 'text' ? sample.timestampMs : formatFloat(Number(sample.timestampMs) / 1000)}`;
  }
  return `${sample.name}${sample.labels} ${sample.value}${timestamp}\n`;
}

function headline(family: ForeignFamily, format: ExpositionFormat): { name: string; type: string } {
  const sampleName = family.samples[0]?.name ?? family.name;
  if (format === 'text') {
    const type = family.type === 'info' ? 'gauge' : family.type === 'unknown' ? 'untyped' : family.type;
    return { name: family.type === 'counter' || family.type === 'info' ? sampleName : family.name, type };
  }
  if (family.type !== 'counter') {
    return { name: family.name, type: family.type };
  }
  // OpenMetrics has no counter without `_total`: such a series keeps its name and loses its type.
  return sampleName.endsWith('_total')
    ? { name: sampleName.slice(0, -'_total'.length), type: 'counter' }
    : { name: sampleName, type: 'unknown' };
}
