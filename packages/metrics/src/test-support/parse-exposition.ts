import type { ExpositionFormat } from '../exposition-format.ts';

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar: ParsedExemplar | null;
}

export interface ParsedExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ParsedSample[];
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  'text counter': [''],
  'openmetrics counter': ['_total'],
  'openmetrics info': ['_info'],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/**
 * A strict reader of what the registry may print, written without its code: anything else throws, a family or a
 * series that comes twice and a sample outside its family included.
 */
export function parseExposition(text: string, format: ExpositionFormat): ParsedFamily[] {
  if (text !== '' && !text.endsWith(format === 'openmetrics' ? '# EOF\n' : '\n')) {
    throw new Error('the text does not end as it should');
  }
  const lines = text.split('\n').slice(0, format === 'openmetrics' ? -2 : -1);
  const families = new Map<string, ParsedFamily>();
  const series = new Set<string>();
  let current: ParsedFamily | null = null;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.startsWith('#')) {
      current = readHeader(line, lines[at + 1] ?? '', format);
      at += 1;
      if (families.has(current.name)) {
        throw new Error(`family twice: ${current.name}`);
      }
      families.set(current.name, current);
    } else {
      addSample(current, new LineReader(line).sample(format), format, series);
    }
  }
  return [...families.values()];
}

function addSample(
  family: ParsedFamily | null,
  sample: ParsedSample,
  format: ExpositionFormat,
  series: Set<string>,
): void {
  const suffixes = SUFFIXES[`${format} ${family?.type}`] ?? SUFFIXES[family?.type ?? ''] ?? [''];
  if (family === null || !suffixes.some((suffix) => sample.name === `${family.name}${suffix}`)) {
    throw new Error(`sample outside its family: ${sample.name}`);
  }
  const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
  if (series.has(identity)) {
    throw new Error(`series twice: ${identity}`);
  }
  series.add(identity);
  family.samples.push(sample);
}

function readHeader(helpLine: string, typeLine: string, format: ExpositionFormat): ParsedFamily {
  const [, name = '', help = ''] = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s.exec(helpLine) ?? [];
  const [, typeName, type = ''] = /^# TYPE (\S+) ([a-z]+)$/.exec(typeLine) ?? [];
  if (name === '' || typeName !== name) {
    throw new Error(`not a header: ${helpLine} / ${typeLine}`);
  }
  const escapes = format === 'openmetrics' ? /\\(["\\n])|["\\]/g : /\\([\\n])|\\/g;
  const unescaped = help.replace(escapes, (whole, escaped?: string) => {
    if (escaped === undefined) {
      throw new Error(`stray ${whole} in help: ${help}`);
    }
    return escaped === 'n' ? '\n' : escaped;
  });
  return { name, type, help: unescaped, samples: [] };
}

class LineReader {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  sample(format: ExpositionFormat): ParsedSample {
    const name = this.#take(/[a-zA-Z_:][a-zA-Z0-9_:]*/y);
    const labels = this.#line[this.#at] === '{' ? this.#labels() : {};
    this.#take(/ /y);
    const value = this.#number();
    let exemplar: ParsedExemplar | null = null;
    if (format === 'openmetrics' && this.#at < this.#line.length) {
      this.#take(/ # /y);
      const exemplarLabels = this.#labels();
      this.#take(/ /y);
      const exemplarValue = this.#number();
      this.#take(/ /y);
      exemplar = { labels: exemplarLabels, value: exemplarValue, timestamp: this.#number() };
    }
    if (this.#at !== this.#line.length) {
      throw new Error(`something follows the value: ${this.#line}`);
    }
    return { name, labels, value, exemplar };
  }

  #labels(): Record<string, string> {
    const labels: Record<string, string> = {};
    this.#take(/\{/y);
    while (true) {
      const name = this.#take(/[a-zA-Z_][a-zA-Z0-9_]*(?==)/y);
      if (Object.hasOwn(labels, name)) {
        throw new Error(`label twice: ${this.#line}`);
      }
      this.#take(/="/y);
      labels[name] = this.#quoted();
      if (this.#take(/[,}]/y) === '}') {
        return labels;
      }
    }
  }

  #quoted(): string {
    let value = '';
    while (true) {
      const character = this.#line[this.#at];
      this.#at += 1;
      if (character === undefined) {
        throw new Error(`label without an end: ${this.#line}`);
      }
      if (character === '"') {
        return value;
      }
      if (character === '\\') {
        const escaped = this.#take(/["\\n]/y);
        value += escaped === 'n' ? '\n' : escaped;
      } else {
        value += character;
      }
    }
  }

  #number(): number {
    const text = this.#take(/NaN|[+-]Inf|-?\d(?:\.\d+)?e[+-]\d{2,3}|-?\d+\.\d+/y);
    return text.endsWith('Inf') ? Number(`${text[0]}Infinity`) : Number(text);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#line);
    if (found === null) {
      throw new Error(`expected ${pattern} at ${this.#at}: ${this.#line}`);
    }
    this.#at += found[0].length;
    return found[0];
  }
}
