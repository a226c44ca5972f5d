import type { Expression } from './expression.ts';
import type { PrometheusFailureReason } from './prometheus-failure.ts';
import type { PromqlScope } from './to-promql.ts';
import type { Vector } from './vector.ts';

/** A value that is asked for, under a name of its own. */
export interface Question {
  readonly name: string;
  readonly expression: Expression;
}

/** Over which window, and of what. */
export type QuestionScope = Omit<PromqlScope, 'selector'>;

/** Why a Prometheus that is configured was not the source. */
export type FallbackReason =
  | PrometheusFailureReason
  /** It answers, but has no samples of this application. */
  | 'no_samples';

/** What one source said to a set of questions. */
export interface Answer {
  readonly source: 'prometheus' | 'local';
  /** Why it is not Prometheus though one is configured. */
  readonly fallback: FallbackReason | null;
  /** Whether some questions could not be asked. */
  readonly isPartial: boolean;
  /** By the questions' names; none where nothing is known. */
  readonly values: ReadonlyMap<string, Vector>;
  /** Monotonic milliseconds of the answer, and how old its samples were then. */
  readonly answeredAtMs: number;
  readonly sampleAgeMs: number;
}

/** The elements of a value that are numbers. */
export function knownOf(answer: Answer, name: string): Vector {
  return (answer.values.get(name) ?? []).filter(({ value }) => Number.isFinite(value));
}
