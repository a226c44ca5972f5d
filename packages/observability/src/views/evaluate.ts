import type { Expression, LabelMatch } from './expression.ts';
import type { FamilySamples } from './family-samples.ts';
import { type Bucket, histogramQuantile } from './histogram-quantile.ts';
import { labelSetKey, type Vector } from './vector.ts';

/** What an expression is computed from. */
export interface EvaluationScope {
  /** Monotonic milliseconds: the window's end. */
  readonly nowMs: number;
  readonly windowMs: number;
  /** Conditions of the request. */
  readonly matches: readonly LabelMatch[];
  family(metric: string): FamilySamples | undefined;
}

/** Computes an expression from this process's samples, by the rules by which Prometheus computes its PromQL. */
export function evaluate(expression: Expression, scope: EvaluationScope): Vector {
  switch (expression.kind) {
    case 'current':
      return read(expression, '', expression.aggregate, scope);
    case 'rate':
      return read(expression, expression.part, 'sum', scope);
    case 'quantile':
      return toQuantiles(
        expression.q,
        read({ ...expression, by: ['le', ...expression.by] }, '_bucket', 'sum', scope),
      );
    case 'divide':
      return join(evaluate(expression.left, scope), evaluate(expression.right, scope), (a, b) => a / b);
    case 'multiply':
      return join(evaluate(expression.left, scope), evaluate(expression.right, scope), (a, b) => a * b);
    case 'share': {
      const whole = evaluate(expression.whole, scope);
      return join(withZeros(evaluate(expression.part, scope), whole), whole, (a, b) => a / b);
    }
    case 'plus': {
      const left = evaluate(expression.left, scope);
      const right = evaluate(expression.right, scope);
      return join(withZeros(left, right), withZeros(right, left), (a, b) => a + b);
    }
    case 'compare': {
      const { op, limit } = expression;
      const test = (value: number): boolean => (op === '<' ? value < limit : value >= limit);
      return evaluate(expression.of, scope).map(({ labels, value }) => ({
        labels,
        value: test(value) ? 1 : 0,
      }));
    }
    case 'collapse':
      return collapse(expression.aggregate, evaluate(expression.of, scope));
    default: {
      const unknown: never = expression;
      throw new TypeError(`unknown expression ${JSON.stringify(unknown)}`);
    }
  }
}

type Reading = Extract<Expression, { readonly metric: string }>;

function read(
  { kind, metric, by, where }: Reading,
  suffix: string,
  aggregate: 'sum' | 'avg' | 'max',
  { nowMs, windowMs, matches, family }: EvaluationScope,
): Vector {
  const samples = family(metric);
  const values = kind === 'current' ? samples?.current() : samples?.rates(nowMs, windowMs);
  if (samples === undefined || values === null || values === undefined) return [];
  // Groups of a request's own conditions are not kept: there is no end of them.
  const groups = samples.groups(`${metric}${suffix}`, by, [...where, ...matches], matches.length === 0);
  return groups.aggregate(aggregate, values);
}

function toQuantiles(q: number, buckets: Vector): Vector {
  const byGroup = new Map<string, { readonly labels: Record<string, string>; readonly buckets: Bucket[] }>();
  for (const { labels, value } of buckets) {
    const { le = '', ...rest } = labels;
    const key = labelSetKey(rest);
    const group = byGroup.get(key) ?? { labels: rest, buckets: [] };
    byGroup.set(key, group);
    const upperBound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    group.buckets.push({ upperBound, count: value });
  }
  return [...byGroup.values()].map((group) => ({
    labels: group.labels,
    value: histogramQuantile(q, group.buckets),
  }));
}

function join(left: Vector, right: Vector, combine: (left: number, right: number) => number): Vector {
  const values = new Map(right.map(({ labels, value }) => [labelSetKey(labels), value]));
  return left.flatMap(({ labels, value }) => {
    const other = values.get(labelSetKey(labels));
    return other === undefined ? [] : [{ labels, value: combine(value, other) }];
  });
}

/** The vector, and 0 for the label sets that only the other one has. */
function withZeros(vector: Vector, other: Vector): Vector {
  const known = new Set(vector.map(({ labels }) => labelSetKey(labels)));
  const missing = other.filter(({ labels }) => !known.has(labelSetKey(labels)));
  return [...vector, ...missing.map(({ labels, value }) => ({ labels, value: value * 0 }))];
}

function collapse(aggregate: 'sum' | 'avg' | 'count', vector: Vector): Vector {
  if (vector.length === 0) return [];
  if (aggregate === 'count') return [{ labels: {}, value: vector.length }];
  const sum = vector.reduce((total, { value }) => total + value, 0);
  return [{ labels: {}, value: aggregate === 'sum' ? sum : sum / vector.length }];
}
