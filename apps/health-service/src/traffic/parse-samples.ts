/** One line of an exposition: its labels by name, and its value. */
export interface TextSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)\{(.*)\}\s+([^\s#]+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)"/g;
const ESCAPE = /\\(.)/g;

/** The samples with labels of these names in Prometheus or OpenMetrics text; what cannot be read is left out. */
export function* parseSamples(text: string, names: ReadonlySet<string>): Generator<TextSample> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end === -1 ? text.length : end);
    start = end === -1 ? text.length : end + 1;
    const brace = line.indexOf('{');
    if (brace <= 0 || !names.has(line.slice(0, brace))) continue;
    const match = LINE.exec(line);
    const value = Number(match?.[3] ?? Number.NaN);
    if (match === null || !Number.isFinite(value)) continue;
    yield { name: match[1] ?? '', labels: readLabels(match[2] ?? ''), value };
  }
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = Object.create(null);
  for (const [, name = '', value = ''] of text.matchAll(LABEL)) {
    labels[name] = value.replaceAll(ESCAPE, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}
