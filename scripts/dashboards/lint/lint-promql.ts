import { ENVIRONMENT } from '../catalogue/foreign-catalogue.ts';
import { findMetric, hasLabel, type KnownMetric } from '../catalogue/metric-catalogue.ts';
import { type LabelMatcher, type Promql, parsePromql } from '../promql/parse-promql.ts';
import { groupedLabelsOf, selectorsOf, walkPromql } from '../promql/walk-promql.ts';
import { type DashboardJson, type PlacedQuery, queriesOf } from './dashboard-json.ts';
import type { Finding } from './dashboard-problem.ts';

const OF_COUNTERS: ReadonlySet<string> = new Set(['rate', 'irate', 'increase', 'resets']);
const AGGREGATIONS: ReadonlySet<string> = new Set(['sum', 'min', 'max', 'avg', 'count', 'group']);
const VARIABLE_WINDOWS: ReadonlySet<string> = new Set(['$__rate_interval', '$__range']);
/** Labels whose values are names of one installation. */
const OWN_NAMES: ReadonlySet<string> = new Set(['env', 'job', 'instance', 'provider', 'model', 'app_name']);

type Rule = (tree: Promql, query: PlacedQuery) => Iterable<string>;

function isCounter({ definition, part }: KnownMetric): boolean {
  return part !== 'value' || definition.type === 'counter';
}

/** Only what the catalogue has is asked for. */
function* knownNames(tree: Promql): Generator<string> {
  const known: KnownMetric[] = [];
  for (const { metric, matchers } of selectorsOf(tree)) {
    const found = metric === null ? null : findMetric(metric);
    if (found === null) {
      yield `the catalogue has no metric ${metric}`;
      continue;
    }
    known.push(found);
    const strange = matchers.filter(({ label }) => !hasLabel(found, label)).map(({ label }) => label);
    if (strange.length > 0) yield `${metric} has no label ${strange.join(', ')}`;
  }
  const labels = groupedLabelsOf(tree).filter((label) => !known.some((metric) => hasLabel(metric, label)));
  if (labels.length > 0) yield `no metric of it has a label ${labels.join(', ')}`;
}

/** Rates are of counters, and counters are not shown as they are. */
function* ratesOfCounters(tree: Promql): Generator<string> {
  for (const part of walkPromql(tree)) {
    if (part.kind !== 'call' || !OF_COUNTERS.has(part.name)) continue;
    for (const { metric } of part.arguments.flatMap((argument) => selectorsOf(argument))) {
      const known = metric === null ? null : findMetric(metric);
      if (known !== null && !isCounter(known)) yield `${part.name} over the gauge ${metric}`;
    }
  }
  for (const metric of bareCounters(tree)) yield `the counter ${metric} without rate or increase`;
}

function bareCounters(tree: Promql): readonly string[] {
  if (tree.kind === 'call' && OF_COUNTERS.has(tree.name)) return [];
  if (tree.kind === 'selector') {
    const known = tree.metric === null ? null : findMetric(tree.metric);
    return known !== null && isCounter(known) && tree.metric !== null ? [tree.metric] : [];
  }
  if (tree.kind === 'window') return bareCounters(tree.of);
  if (tree.kind === 'call') return tree.arguments.flatMap(bareCounters);
  return tree.kind === 'binary' ? [...bareCounters(tree.left), ...bareCounters(tree.right)] : [];
}

/** A quantile needs the buckets of its series, by `le`. */
function* quantilesByLe(tree: Promql): Generator<string> {
  for (const part of walkPromql(tree)) {
    if (part.kind !== 'call' || part.name !== 'histogram_quantile') continue;
    const [, buckets] = part.arguments;
    if (buckets === undefined) continue;
    if (selectorsOf(buckets).some(({ metric }) => !metric?.endsWith('_bucket'))) {
      yield 'histogram_quantile of something that is no bucket';
    }
    const isBlind = [...walkPromql(buckets)].some(
      (inner) => inner.kind === 'call' && AGGREGATIONS.has(inner.name) && !keepsLe(inner),
    );
    if (isBlind) yield 'histogram_quantile without by (le)';
  }
}

function keepsLe({ grouping }: Extract<Promql, { kind: 'call' }>): boolean {
  if (grouping === null) return false;
  return grouping.labels.includes('le') === (grouping.kind === 'by');
}

/** Bounds are printed as floats, `le="2.0"`. */
function* floatBounds(tree: Promql): Generator<string> {
  const matchers = selectorsOf(tree).flatMap((selected) => selected.matchers);
  for (const { label, value } of matchers) {
    if (label === 'le' && /^\d+$/.test(value))
      yield `le="${value}" is not how a bound is printed: ${value}.0`;
  }
}

/** Windows follow the time range; a fixed one stands in the legend or title, so that a reader knows it. */
function* windows(tree: Promql, { legend, place }: PlacedQuery): Generator<string> {
  for (const part of walkPromql(tree)) {
    if (part.kind !== 'window' || VARIABLE_WINDOWS.has(part.text)) continue;
    if (!legend.includes(part.text) && !place.includes(part.text)) yield `the window ${part.text} is fixed`;
  }
}

/** No provider, environment, job … of one installation. */
function* ownNames(tree: Promql): Generator<string> {
  const isHardCoded = ({ label, value }: LabelMatcher): boolean =>
    OWN_NAMES.has(label) && value !== '' && !value.includes('$');
  for (const { matchers } of selectorsOf(tree)) {
    for (const { label, value } of matchers.filter(isHardCoded))
      yield `a hard-coded name: ${label}="${value}"`;
  }
}

/** Every metric is asked for in the chosen environments alone; an objective holds in all of them. */
function* underEnvironment(tree: Promql): Generator<string> {
  const isChosen = ({ label, value }: LabelMatcher): boolean =>
    (label === 'env' || label === ENVIRONMENT) && value === '$env';
  for (const { metric, matchers } of selectorsOf(tree)) {
    const isObjective = /^slo:\w+:target$/.test(metric ?? '');
    if (!isObjective && !matchers.some(isChosen)) yield `${metric} is not limited to $env`;
  }
}

const RULES: readonly Rule[] = [
  knownNames,
  ratesOfCounters,
  quantilesByLe,
  floatBounds,
  windows,
  ownNames,
  underEnvironment,
];

function placeOf({ place, refId }: PlacedQuery): string {
  return `${place}, query ${refId}`;
}

/** What is wrong with the PromQL of a dashboard. */
export function* lintPromql(dashboard: DashboardJson): Generator<Finding> {
  for (const query of queriesOf(dashboard).filter(({ language }) => language === 'promql')) {
    const place = placeOf(query);
    let tree: Promql;
    try {
      tree = parsePromql(query.text);
    } catch (error) {
      yield { place, message: `no PromQL: ${(error as Error).message}` };
      continue;
    }
    for (const rule of RULES) for (const message of rule(tree, query)) yield { place, message };
  }
}
