import type { Expression, LabelMatch } from './expression.ts';

/** What is put into every selector of a query. */
export interface PromqlScope {
  readonly windowSeconds: number;
  /** Conditions of the request. */
  readonly matches: readonly LabelMatch[];
  /** The operator's own matchers, as PromQL text; '' for none. */
  readonly selector: string;
}

/** Prints an expression as PromQL. */
export function toPromql(expression: Expression, scope: PromqlScope): string {
  const print = (of: Expression): string => toPromql(of, scope);
  switch (expression.kind) {
    case 'current':
      return `${expression.aggregate}${grouping(expression.by)}(${selectorOf(expression, '', scope)})`;
    case 'rate':
      return `sum${grouping(expression.by)}(${rateOf(expression, expression.part, scope)})`;
    case 'quantile': {
      const buckets = rateOf(expression, '_bucket', scope);
      return `histogram_quantile(${expression.q}, sum${grouping(['le', ...expression.by])}(${buckets}))`;
    }
    case 'divide':
      return `(${print(expression.left)} / ${print(expression.right)})`;
    case 'multiply':
      return `(${print(expression.left)} * ${print(expression.right)})`;
    case 'share': {
      const whole = print(expression.whole);
      return `((${print(expression.part)} or ${whole} * 0) / ${whole})`;
    }
    case 'plus': {
      const [left, right] = [print(expression.left), print(expression.right)];
      return `((${left} or ${right} * 0) + (${right} or ${left} * 0))`;
    }
    case 'compare':
      return `(${print(expression.of)} ${expression.op} bool ${expression.limit})`;
    case 'collapse':
      return `${expression.aggregate}(${print(expression.of)})`;
    default: {
      const unknown: never = expression;
      throw new TypeError(`unknown expression ${JSON.stringify(unknown)}`);
    }
  }
}

/** A string literal of PromQL, in double quotes. */
export function toPromqlString(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** A range of PromQL, in minutes where they are whole. */
export function toPromqlDuration(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

interface Reading {
  readonly metric: string;
  readonly where: readonly LabelMatch[];
}

function rateOf(reading: Reading, suffix: string, scope: PromqlScope): string {
  return `rate(${selectorOf(reading, suffix, scope)}[${toPromqlDuration(scope.windowSeconds)}])`;
}

function selectorOf({ metric, where }: Reading, suffix: string, { matches, selector }: PromqlScope): string {
  const own = [...where, ...matches].map(({ label, op, value }) => `${label}${op}${toPromqlString(value)}`);
  const all = selector === '' ? own : [...own, selector];
  return all.length === 0 ? `${metric}${suffix}` : `${metric}${suffix}{${all.join(',')}}`;
}

function grouping(by: readonly string[]): string {
  return by.length === 0 ? '' : ` by (${by.join(', ')}) `;
}
