import { table } from './table.ts';

/** A goal, and what was measured. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  /** Null where it was not measured. */
  readonly met: boolean | null;
}

/** The goals as a table. */
export function goalTable(goals: readonly Goal[]): string {
  const word = (met: boolean | null): string => (met === null ? 'not measured' : met ? 'met' : 'not met');
  return table(
    ['goal', 'wanted', 'measured', ''],
    goals.map(({ what, goal, measured, met }) => [what, goal, measured, word(met)]),
  );
}
