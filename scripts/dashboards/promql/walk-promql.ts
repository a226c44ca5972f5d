import type { LabelMatcher, Promql } from './parse-promql.ts';

/** A selector with all the labels that the expression around it expects of its series. */
export interface Selected {
  /** From the name or from a matcher of `__name__`; null where neither says one name. */
  readonly metric: string | null;
  readonly matchers: readonly LabelMatcher[];
}

/** The parts that an expression is made of, one level down. */
function childrenOf(tree: Promql): readonly Promql[] {
  switch (tree.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'window':
      return [tree.of];
    case 'call':
      return tree.arguments;
    case 'binary':
      return [tree.left, tree.right];
    default:
      return tree satisfies never;
  }
}

/** The expression and everything in it, outermost first. */
export function* walkPromql(tree: Promql): Generator<Promql> {
  yield tree;
  for (const child of childrenOf(tree)) yield* walkPromql(child);
}

/** Every selector of an expression. */
export function selectorsOf(tree: Promql): readonly Selected[] {
  return [...walkPromql(tree)].flatMap((part) => (part.kind === 'selector' ? [toSelected(part)] : []));
}

function toSelected({ metric, matchers }: Extract<Promql, { kind: 'selector' }>): Selected {
  const named = matchers.find(({ label, operator }) => label === '__name__' && operator === '=');
  return { metric: metric ?? named?.value ?? null, matchers };
}

/** The labels by which an expression groups or joins, wherever in it; those that it makes itself are not among them. */
export function groupedLabelsOf(tree: Promql): readonly string[] {
  const made = new Set(madeLabelsOf(tree));
  const labels = [...walkPromql(tree)].flatMap((part) => {
    if (part.kind === 'call') return part.grouping?.labels ?? [];
    return part.kind === 'binary' ? part.labels : [];
  });
  return [...new Set(labels)].filter((label) => !made.has(label));
}

/** The labels that `label_replace`, `label_join` and `count_values` make. */
function madeLabelsOf(tree: Promql): readonly string[] {
  return [...walkPromql(tree)].flatMap((part) => {
    if (part.kind !== 'call') return [];
    const at = part.name === 'count_values' ? 0 : 1;
    const isMaker = ['label_replace', 'label_join', 'count_values'].includes(part.name);
    const label = isMaker ? part.arguments[at] : undefined;
    return label?.kind === 'string' ? [label.text] : [];
  });
}
