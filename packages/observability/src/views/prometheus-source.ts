import { type StartTimer, startProcessTimer } from '../health-poller/start-timer.ts';
import type { Answer, FallbackReason, Question, QuestionScope } from './answer.ts';
import { createPrometheusConnection, type PrometheusConnection } from './prometheus-connection.ts';
import { PrometheusFailure } from './prometheus-failure.ts';
import { readSelector } from './read-selector.ts';
import { toPromql } from './to-promql.ts';
import type { Vector } from './vector.ts';
import type { PrometheusOptions } from './views-options.ts';

/** The fleet's numbers. */
export interface PrometheusSource {
  /**
   * Asks all questions side by side, within one deadline. Why not, where none was answered; for 5 s from then on it
   * says so without asking. Never rejects.
   */
  ask(questions: readonly Question[], scope: QuestionScope): Promise<Answer | FallbackReason>;
  close(): void;
}

/** What a source needs beside its address. */
export interface PrometheusSourceParts {
  readonly now: () => number;
  readonly startTimer?: StartTimer;
  readonly connection?: PrometheusConnection;
}

const DEFAULT_TIMEOUT_MS = 2000;
const LONGEST_TIMEOUT_MS = 5000;
const REST_AFTER_FAILURE_MS = 5000;

type Outcome = readonly [name: string, answer: Vector | PrometheusFailure];

/** Makes a source; throws a TypeError or a RangeError for options that are none. */
export function createPrometheusSource(
  options: PrometheusOptions,
  parts: PrometheusSourceParts,
): PrometheusSource {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (!(Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LONGEST_TIMEOUT_MS)) {
    throw new RangeError(
      `timeoutMs must be a whole number from 1 to ${LONGEST_TIMEOUT_MS}, not ${timeoutMs}`,
    );
  }
  const selector = readSelector(options.selector ?? '');
  const connection = parts.connection ?? createPrometheusConnection(options.url, timeoutMs);
  const startTimer = parts.startTimer ?? startProcessTimer;
  const ageQuery = `time() - max(timestamp(fastapi_app_info${selector === '' ? '' : `{${selector}}`}))`;
  let rest: { readonly untilMs: number; readonly reason: FallbackReason } | null = null;

  async function askOne(name: string, promql: string, signal: AbortSignal): Promise<Outcome> {
    try {
      return [name, await connection.query(promql, signal)];
    } catch (error) {
      return [name, error instanceof PrometheusFailure ? error : unreachable(error)];
    }
  }

  async function askAll(questions: readonly Question[], scope: QuestionScope): Promise<readonly Outcome[]> {
    const controller = new AbortController();
    const cancelTimer = startTimer(() => controller.abort(), timeoutMs);
    const asked = questions.map(({ name, expression }) => {
      const promql = toPromql(expression, { ...scope, selector });
      return askOne(name, promql, controller.signal);
    });
    try {
      return await Promise.all([askOne(AGE, ageQuery, controller.signal), ...asked]);
    } finally {
      cancelTimer();
    }
  }

  return {
    async ask(questions, scope) {
      if (rest !== null && parts.now() < rest.untilMs) return rest.reason;
      const answer = toAnswer(await askAll(questions, scope), parts.now());
      rest =
        typeof answer === 'string' ? { untilMs: parts.now() + REST_AFTER_FAILURE_MS, reason: answer } : null;
      return answer;
    },
    close: () => connection.close(),
  };
}

/** The question beside the others: how long ago the newest scrape was, in seconds. */
const AGE = '';

function toAnswer(outcomes: readonly Outcome[], answeredAtMs: number): Answer | FallbackReason {
  const failures = outcomes.flatMap(([, answer]) => (answer instanceof PrometheusFailure ? [answer] : []));
  const values = new Map(
    outcomes.flatMap(([name, answer]) =>
      answer instanceof PrometheusFailure ? [] : [[name, answer] as const],
    ),
  );
  const age = values.get(AGE);
  values.delete(AGE);
  const [failure] = failures;
  if (values.size === 0 && failure !== undefined) return failure.reason;
  if (age?.length === 0) return 'no_samples';
  const ageSeconds = age?.[0]?.value ?? 0;
  return {
    source: 'prometheus',
    fallback: null,
    isPartial: failures.length > 0,
    values,
    answeredAtMs,
    sampleAgeMs: Number.isFinite(ageSeconds) ? Math.max(0, ageSeconds * 1000) : 0,
  };
}

function unreachable(cause: unknown): PrometheusFailure {
  return new PrometheusFailure('network', 'Prometheus could not be reached', { cause });
}
