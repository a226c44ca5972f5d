/** One result of an expression; a label without a value is left out. */
export interface VectorElement {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What an expression gives: at most one element a label set, none where nothing is known. */
export type Vector = readonly VectorElement[];

/** One string per label set, whatever the order of its labels. */
export function labelSetKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
