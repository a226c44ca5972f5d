import { type LabelMatcher, type Promql, parsePromql } from '../dashboards/promql/parse-promql.ts';
import { groupedLabelsOf, type Selected, selectorsOf } from '../dashboards/promql/walk-promql.ts';
import type { FoundQuery, VariableValues } from './found-query.ts';
import type { PrometheusApi } from './prometheus-api.ts';
import { substituteVariables } from './substitute-variables.ts';

export type QueryStatus = 'data' | 'empty' | 'unknown metric' | 'invalid' | 'unresolved';

export interface CheckedQuery extends FoundQuery {
  readonly status: QueryStatus;
  /** Why there is nothing, where that can be told. */
  readonly detail: string | null;
}

type Verdict = Pick<CheckedQuery, 'status' | 'detail'>;

function toMatchers(matchers: readonly LabelMatcher[]): string {
  return matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(',');
}

async function exists(prometheus: PrometheusApi, selector: string): Promise<boolean> {
  const answer = await prometheus.run(`count(${selector})`);
  return answer.kind === 'series' && answer.withNumbers > 0;
}

/** The selectors by their metrics; one without a name is left to Prometheus. */
async function unknownMetricsOf(
  prometheus: PrometheusApi,
  selected: readonly Selected[],
): Promise<readonly string[]> {
  const names = [...new Set(selected.flatMap(({ metric }) => metric ?? []))];
  const isKnown = await Promise.all(names.map((name) => exists(prometheus, `{__name__="${name}"}`)));
  return names.filter((_, index) => isKnown[index] === false);
}

/** What of a selector no series of its metric has. */
async function explainSelector(
  prometheus: PrometheusApi,
  { metric, matchers }: Selected,
): Promise<string | null> {
  const name = metric ?? '';
  const own = matchers.filter(({ label }) => label !== '__name__');
  if (metric === null || own.length === 0 || (await exists(prometheus, `${name}{${toMatchers(own)}}`)))
    return null;
  for (const matcher of own) {
    const { label } = matcher;
    if (await exists(prometheus, `${name}{${toMatchers([matcher])}}`)) continue;
    const hasLabel = await exists(prometheus, `${name}{${label}!=""}`);
    return hasLabel ? `no ${name} with ${toMatchers([matcher])}` : `${name} has no label ${label}`;
  }
  return `no ${name} with ${toMatchers(own)} together`;
}

/** A label to group by that no series has gives one group of all: no error, and not what was meant. */
async function explainGrouping(prometheus: PrometheusApi, tree: Promql): Promise<string | null> {
  const names = selectorsOf(tree).flatMap(({ metric }) => metric ?? []);
  if (names.length === 0) return null;
  for (const label of groupedLabelsOf(tree)) {
    const found = await Promise.all(names.map((name) => exists(prometheus, `${name}{${label}!=""}`)));
    if (!found.includes(true)) return `no series has the label ${label}, by which it groups`;
  }
  return null;
}

async function explainEmpty(prometheus: PrometheusApi, tree: Promql): Promise<Verdict> {
  const selected = selectorsOf(tree);
  const unknown = await unknownMetricsOf(prometheus, selected);
  if (unknown.length > 0) return { status: 'unknown metric', detail: unknown.join(', ') };
  for (const one of selected) {
    const detail = await explainSelector(prometheus, one);
    if (detail !== null) return { status: 'empty', detail };
  }
  return { status: 'empty', detail: null };
}

function tryToParse(expression: string): Promql | null {
  try {
    return parsePromql(expression);
  } catch {
    return null;
  }
}

async function judge(prometheus: PrometheusApi, expression: string): Promise<Verdict> {
  const answer = await prometheus.run(expression);
  if (answer.kind === 'refused') return { status: 'invalid', detail: answer.message };
  const tree = tryToParse(expression);
  if (answer.withNumbers > 0) {
    return { status: 'data', detail: tree === null ? null : await explainGrouping(prometheus, tree) };
  }
  if (answer.onlyNan > 0) return { status: 'empty', detail: 'NaN only: nothing was counted in its window' };
  // Prometheus has read it: what our grammar does not know has an answer, and no explanation.
  return tree === null ? { status: 'empty', detail: null } : explainEmpty(prometheus, tree);
}

/** Runs one query of a dashboard and says whether its panel can have data. */
export async function checkQuery(
  prometheus: PrometheusApi,
  query: FoundQuery,
  variables: VariableValues,
  hours: number,
): Promise<CheckedQuery> {
  const substituted = substituteVariables(query.expression, variables, hours);
  if (substituted.kind === 'unresolved') {
    return { ...query, status: 'unresolved', detail: `nothing stands for $${substituted.names.join(', $')}` };
  }
  return { ...query, ...(await judge(prometheus, substituted.text)) };
}
