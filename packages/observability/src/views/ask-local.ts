import type { Answer, FallbackReason, Question, QuestionScope } from './answer.ts';
import { evaluate } from './evaluate.ts';
import { readingsOf } from './expression.ts';
import { nextTurn, type SampleBook, SLICE_MS } from './sample-book.ts';
import type { Vector } from './vector.ts';

/** Answers from this process's own samples, giving way to the event loop in between. */
export async function askLocal(
  book: SampleBook,
  questions: readonly Question[],
  { windowSeconds, matches }: QuestionScope,
  fallback: FallbackReason | null,
  now: () => number,
): Promise<Answer> {
  const expressions = questions.map(({ expression }) => expression);
  await book.refresh(expressions);
  const nowMs = now();
  const family = (metric: string) => book.family(metric);
  const values = new Map<string, Vector>();
  let turnEndsMs = nowMs + SLICE_MS;
  for (const { name, expression } of questions) {
    values.set(name, evaluate(expression, { nowMs, windowMs: windowSeconds * 1000, matches, family }));
    if (now() < turnEndsMs) continue;
    await nextTurn();
    turnEndsMs = now() + SLICE_MS;
  }
  const sampledAt = expressions
    .flatMap(readingsOf)
    .map(({ metric }) => book.family(metric)?.sampledAtMs ?? nowMs);
  const sampleAgeMs = Math.max(0, nowMs - Math.min(nowMs, ...sampledAt));
  return { source: 'local', fallback, isPartial: false, values, answeredAtMs: nowMs, sampleAgeMs };
}
