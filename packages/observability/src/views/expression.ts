/** A condition on one label. */
export interface LabelMatch {
  readonly label: string;
  readonly op: '=' | '!=';
  readonly value: string;
}

type By = readonly string[];
type Where = readonly LabelMatch[];

/**
 * How a value is computed, as data: `toPromql` prints it for Prometheus, `evaluate` computes it from this process's
 * samples. The first three read metrics and group them by labels; the others combine what those give.
 */
export type Expression =
  /** The current values of a counter or gauge, one result a group. */
  | {
      readonly kind: 'current';
      readonly aggregate: 'sum' | 'avg' | 'max';
      readonly metric: string;
      readonly by: By;
      readonly where: Where;
    }
  /** By how much a counter, or a histogram's `_sum` or `_count`, grows per second over the window, summed a group. */
  | {
      readonly kind: 'rate';
      readonly metric: string;
      readonly part: HistogramPart;
      readonly by: By;
      readonly where: Where;
    }
  /** A quantile of what a histogram observed over the window. */
  | {
      readonly kind: 'quantile';
      readonly q: number;
      readonly metric: string;
      readonly by: By;
      readonly where: Where;
    }
  /** `left` by or times `right`, for the label sets that both have. */
  | { readonly kind: 'divide' | 'multiply'; readonly left: Expression; readonly right: Expression }
  /** What share of the whole the part is: 0 where the whole is known and has no such part. */
  | { readonly kind: 'share'; readonly part: Expression; readonly whole: Expression }
  /** The sum of both, where one may have no series; unknown where both have none. */
  | { readonly kind: 'plus'; readonly left: Expression; readonly right: Expression }
  /** 1 where the value is below (or not below) the limit, else 0. */
  | { readonly kind: 'compare'; readonly op: '<' | '>='; readonly of: Expression; readonly limit: number }
  /** Everything in one value. */
  | { readonly kind: 'collapse'; readonly aggregate: 'sum' | 'avg' | 'count'; readonly of: Expression };

/** Which samples of a family are meant: its own, or a histogram's sums or counts. */
export type HistogramPart = '' | '_sum' | '_count';

const NONE: readonly never[] = [];

/** The current values, summed, averaged or the largest a group: across processes, and across other labels. */
export function current(
  aggregate: 'sum' | 'avg' | 'max',
  metric: string,
  by: By = NONE,
  where: Where = NONE,
): Expression {
  return { kind: 'current', aggregate, metric, by, where };
}

/** Growth of a counter per second. */
export function rate(
  metric: string,
  by: By = NONE,
  where: Where = NONE,
  part: HistogramPart = '',
): Expression {
  return { kind: 'rate', metric, part, by, where };
}

/** The mean of what a histogram observed over the window; unknown where it observed nothing. */
export function average(metric: string, by: By = NONE, where: Where = NONE): Expression {
  return divide(rate(metric, by, where, '_sum'), rate(metric, by, where, '_count'));
}

/** A quantile, `q` from 0 to 1, by Prometheus's `histogram_quantile`; unknown where nothing was observed. */
export function quantile(q: number, metric: string, by: By = NONE, where: Where = NONE): Expression {
  return { kind: 'quantile', q, metric, by, where };
}

export function divide(left: Expression, right: Expression): Expression {
  return { kind: 'divide', left, right };
}

export function multiply(left: Expression, right: Expression): Expression {
  return { kind: 'multiply', left, right };
}

export function share(part: Expression, whole: Expression): Expression {
  return { kind: 'share', part, whole };
}

export function plus(left: Expression, right: Expression): Expression {
  return { kind: 'plus', left, right };
}

export function compare(of: Expression, op: '<' | '>=', limit: number): Expression {
  return { kind: 'compare', op, of, limit };
}

export function collapse(aggregate: 'sum' | 'avg' | 'count', of: Expression): Expression {
  return { kind: 'collapse', aggregate, of };
}

/** The condition that a label has this value. */
export function is(label: string, value: string): LabelMatch {
  return { label, op: '=', value };
}

/** One reading of a metric within an expression. */
export interface MetricReading {
  readonly metric: string;
  readonly by: By;
  readonly where: Where;
  /** Whether earlier samples are needed too. */
  readonly overWindow: boolean;
}

/** Every metric that an expression reads. */
export function readingsOf(expression: Expression): readonly MetricReading[] {
  switch (expression.kind) {
    case 'current':
    case 'rate':
    case 'quantile':
      return [{ ...expression, overWindow: expression.kind !== 'current' }];
    case 'divide':
    case 'multiply':
    case 'plus':
      return [...readingsOf(expression.left), ...readingsOf(expression.right)];
    case 'share':
      return [...readingsOf(expression.part), ...readingsOf(expression.whole)];
    case 'compare':
    case 'collapse':
      return readingsOf(expression.of);
    default: {
      const unknown: never = expression;
      throw new TypeError(`unknown expression ${JSON.stringify(unknown)}`);
    }
  }
}
