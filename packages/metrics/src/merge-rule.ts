import type { FamilySnapshot } from './snapshot.ts';

/**
 * How one metric's values in several processes become one value.
 * - `sum`, `max`, `min`: over all processes that have the label set. Counters and histograms of processes that have
 *   ended go on counting; a counter that all processes read from one source is a `max`.
 * - `leader`: what the leading process says; without one there is no value.
 * - `mean`: the mean, weighted by another metric of the same labels where one is named. Where all weights are 0 they
 *   are equal.
 * - `worst`: for metrics that are 1 at one value of a label and 0 at the others; of the values that are 1 in any
 *   process the first one of `order` stays 1.
 */
export type MergeRule =
  | { readonly kind: 'sum' }
  | { readonly kind: 'max' }
  | { readonly kind: 'min' }
  | { readonly kind: 'leader' }
  | { readonly kind: 'mean'; readonly weight: string | null }
  | { readonly kind: 'worst'; readonly label: string; readonly order: readonly string[] };

/** The rules of single metrics, by name. */
export type MergeRules = Readonly<Record<string, MergeRule>>;

/** A snapshot of one process, and what is known of that process. */
export interface Contribution {
  readonly snapshot: readonly FamilySnapshot[];
  readonly isLeader: boolean;
}
