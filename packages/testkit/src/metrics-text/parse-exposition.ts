export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** The sample's own name, with `_bucket`, `_sum` or `_count` where it has one. */
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly timestampMs: number | null;
}

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string | null;
  readonly samples: readonly Sample[];
}

/** The text is not what the Prometheus text format 0.0.4 allows; the message names the line. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
}

type OpenFamily = { -readonly [Key in keyof MetricFamily]: MetricFamily[Key] } & {
  samples: Sample[];
  hasType: boolean;
};

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const COMMENT_LINE = new RegExp(`^# (HELP|TYPE) (${NAME})(?: (.*))?$`);
const SAMPLE_START = new RegExp(`^${NAME}`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|\})/y;
const VALUE = /^ ([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]Inf)(?: (-?\d+))?$/;
const TYPES: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
};

function unescapeLabel(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function toNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

function readLabels(line: string, from: number): { readonly labels: Labels; readonly end: number } | null {
  const labels: Record<string, string> = Object.create(null);
  let at = from;
  if (line[at] === '}') return { labels, end: at + 1 };
  for (;;) {
    LABEL.lastIndex = at;
    const match = LABEL.exec(line);
    if (match === null) return null;
    const [whole, name = '', value = '', end] = match;
    if (name in labels) return null;
    labels[name] = unescapeLabel(value);
    at += whole.length;
    if (end === '}' || line[at] === '}') return { labels, end: end === '}' ? at : at + 1 };
  }
}

function readSample(line: string): Sample | null {
  const name = SAMPLE_START.exec(line)?.[0];
  if (name === undefined) return null;
  const hasLabels = line[name.length] === '{';
  const read = hasLabels ? readLabels(line, name.length + 1) : { labels: {}, end: name.length };
  const match = read === null ? null : VALUE.exec(line.slice(read.end));
  if (read === null || match === null) return null;
  const [, value = '', timestamp] = match;
  return {
    name,
    labels: read.labels,
    value: toNumber(value),
    timestampMs: timestamp === undefined ? null : Number(timestamp),
  };
}

/** One string per distinct series, whatever the order of its labels. */
export function seriesKey(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, ...pairs]);
}

class ExpositionReader {
  readonly families = new Map<string, OpenFamily>();
  readonly #seen = new Set<string>();
  #current: OpenFamily | null = null;
  #line = 0;

  read(line: string): void {
    this.#line += 1;
    if (line === '') return;
    if (line.startsWith('#')) this.#readComment(line);
    else this.#addSample(line);
  }

  #fail(what: string): never {
    throw new ExpositionError(`Line ${this.#line}: ${what}`);
  }

  #readComment(line: string): void {
    const match = COMMENT_LINE.exec(line);
    if (match === null) {
      if (/^# (HELP|TYPE)\b/.test(line)) this.#fail(`malformed comment ${JSON.stringify(line)}`);
      return;
    }
    const [, keyword, name = '', text = ''] = match;
    const family = this.#enter(name);
    if (family.samples.length > 0) this.#fail(`${keyword} of ${name} after its samples`);
    if (keyword === 'HELP') {
      if (family.help !== null) this.#fail(`second HELP of ${name}`);
      if (/\\(?![\\n])/.test(text.replaceAll('\\\\', ''))) this.#fail(`bad escape in the HELP of ${name}`);
      family.help = text.replace(/\\([\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
      return;
    }
    if (family.hasType) this.#fail(`second TYPE of ${name}`);
    if (!TYPES.has(text)) this.#fail(`unknown type ${JSON.stringify(text)}`);
    family.hasType = true;
    family.type = text as MetricType;
  }

  /** Families must not be interleaved. */
  #enter(name: string): OpenFamily {
    if (this.#current?.name === name) return this.#current;
    if (this.families.has(name)) this.#fail(`the lines of ${name} are not in one group`);
    const family: OpenFamily = { name, type: 'untyped', help: null, samples: [], hasType: false };
    this.families.set(name, family);
    this.#current = family;
    return family;
  }

  #familyOf(sampleName: string): OpenFamily {
    const current = this.#current;
    if (current !== null && (SUFFIXES[current.type] ?? []).some((end) => sampleName === current.name + end)) {
      return current;
    }
    return this.#enter(sampleName);
  }

  #addSample(line: string): void {
    const sample = readSample(line);
    if (sample === null) this.#fail(`malformed sample ${JSON.stringify(line.slice(0, 200))}`);
    const family = this.#familyOf(sample.name);
    if (family.type === 'histogram' && family.name === sample.name)
      this.#fail('a histogram without a suffix');
    if (sample.name.endsWith('_bucket') && family.type === 'histogram' && sample.labels.le === undefined) {
      this.#fail('a bucket without le');
    }
    const key = seriesKey(sample.name, sample.labels);
    if (this.#seen.has(key)) this.#fail(`duplicate series ${key}`);
    this.#seen.add(key);
    family.samples.push(sample);
  }
}

/**
 * Parses Prometheus text 0.0.4 strictly: throws `ExpositionError` for a malformed or duplicate line, for families
 * that are not in one group, and for a missing line feed at the end.
 */
export function parseExposition(text: string): readonly MetricFamily[] {
  const reader = new ExpositionReader();
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new ExpositionError('The last line does not end in a line feed');
  for (const line of text.slice(0, -1).split('\n')) reader.read(line);
  return [...reader.families.values()].map(({ hasType: _, ...family }) => family);
}
