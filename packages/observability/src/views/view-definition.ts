import type { Expression } from './expression.ts';

/** The views whose answer is Prometheus text. */
export const TEXT_VIEWS = ['system', 'providers', 'models', 'business', 'performance', 'all'] as const;
export type TextView = (typeof TEXT_VIEWS)[number];

/** Every view. */
export const VIEWS: readonly ViewName[] = ['summary', ...TEXT_VIEWS, 'docs'];
export type ViewName = 'summary' | TextView | 'docs';

/** What a request may narrow a value down to. */
export const FILTERS = ['provider', 'model'] as const;
export type FilterName = (typeof FILTERS)[number];

/** A value of the views: the one place where its name, meaning and computation stand. */
export interface ViewDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly unit: 'requests' | 'per second' | 'ratio' | 'seconds' | 'tokens' | 'credits' | 'USD' | 'count';
  readonly labels: readonly string[];
  /** Beside `all`, which has every one. */
  readonly views: readonly Exclude<TextView, 'all'>[];
  /** The filters that all metrics of the expression have as labels; with any other the value is left out. */
  readonly filters: readonly FilterName[];
  readonly expression: Expression;
}

/** Values by what this project's own code calls them. */
export type Definitions<Key extends string> = Readonly<Record<Key, ViewDefinition>>;
