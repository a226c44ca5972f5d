/** One line of a foreign text, taken apart; null marks what is not valid there. */
export type ForeignLine =
  | { readonly kind: 'help'; readonly family: string; readonly help: string }
  | { readonly kind: 'type'; readonly family: string; readonly type: string }
  | ForeignSample
  | { readonly kind: 'ignored' };

export interface ForeignSample {
  readonly kind: 'sample';
  readonly name: string;
  /** With braces, as it came, or ''. */
  readonly labels: string;
  readonly value: string;
  readonly timestampMs: string;
  /** The same for the same series, whatever the order of its labels. */
  readonly series: string;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[iI]nf|[nN]a[nN]`;

const METADATA = new RegExp(`^# (HELP|TYPE) (${NAME})(?: (.*))?$`, 's');
// An exemplar (an OpenMetrics text has them) is recognised and left behind.
const SAMPLE = new RegExp(
  `^(${NAME})(?:\\{((?:${LABEL}(?:,${LABEL})*,?)?)\\})?[ \\t]+(${NUMBER})(?:[ \\t]+(-?\\d{1,16}))?(?: # \\{.*)?$`,
);
const EACH_LABEL = new RegExp(LABEL, 'g');

// Keeps the expressions above from meeting a line that would exhaust their stack.
const MAX_LINE_LENGTH = 65_536;

/** Reads one line of the text format (or of OpenMetrics, less what only it has); null where it is malformed. */
export function readForeignLine(line: string): ForeignLine | null {
  if (line.length > MAX_LINE_LENGTH) {
    return null;
  }
  return line === '' || line.startsWith('#') ? readMetadata(line) : readSample(line);
}

function readMetadata(line: string): ForeignLine {
  const [, keyword, family = '', rest = ''] = METADATA.exec(line) ?? [];
  switch (keyword) {
    case 'HELP':
      return { kind: 'help', family, help: unescapeHelp(rest) };
    case 'TYPE':
      return { kind: 'type', family, type: rest.trim() };
    default:
      return { kind: 'ignored' };
  }
}

function unescapeHelp(text: string): string {
  return text.replace(/\\([\\n"])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function readSample(line: string): ForeignSample | null {
  const [whole, name = '', labelText = '', number = '', timestampMs = ''] = SAMPLE.exec(line) ?? [];
  if (whole === undefined) {
    return null;
  }
  const labels = labelText.match(EACH_LABEL) ?? [];
  if (new Set(labels.map(labelName)).size !== labels.length) {
    return null;
  }
  const text = labels.length === 0 ? '' : `{${labels.join(',')}}`;
  const series = `${name}{${labels.sort().join(',')}}`;
  return { kind: 'sample', name, labels: text, value: canonicalNumber(number), timestampMs, series };
}

function labelName(label: string): string {
  return label.slice(0, label.indexOf('='));
}

function canonicalNumber(text: string): string {
  if (/nan/i.test(text)) {
    return 'NaN';
  }
  return /inf/i.test(text) ? `${text.startsWith('-') ? '-' : '+'}Inf` : text;
}
