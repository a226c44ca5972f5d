/** One selector of an expression: a metric, and the labels that it is asked for. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** What an expression names. */
export interface PromqlNames {
  readonly selectors: readonly Selector[];
  /** The labels of `by`, `on` and their kind. */
  readonly grouping: readonly string[];
}

const STRING = /"(?:[^"\\]|\\.)*"/g;
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const SELECTOR = /(?<![\w:.$])([a-zA-Z_:][\w:]*)(?!\w)\s*(?:\{([^}]*)\})?(?!\s*\()/g;
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'by', 'on', 'group_left', 'inf', 'nan']);

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Finds the metrics and labels that a PromQL expression names; it must be one that Prometheus accepts. */
export function readPromqlNames(expression: string): PromqlNames {
  const plain = expression.replaceAll(STRING, '""').replaceAll(/\[[^\]]*\]/g, '');
  const grouping = [...plain.matchAll(GROUPING)].flatMap(([, labels = '']) => listOf(labels));
  const rest = plain.replaceAll(GROUPING, '').replaceAll(/\boffset\s+\w+/g, '');
  const selectors = [...rest.matchAll(SELECTOR)].flatMap(([, metric = '', matchers = '']) => {
    if (WORDS.has(metric)) return [];
    const labels = listOf(matchers).map((matcher) => matcher.replace(/\s*(?:=~|!~|!=|=).*$/, ''));
    return [{ metric, labels }];
  });
  return { selectors, grouping };
}
