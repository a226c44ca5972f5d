import { contentType } from '@gatewayz/metrics';
import { startProcessTimer } from '../health-poller/start-timer.ts';
import type { Answer, Question } from './answer.ts';
import { AnswerCache, type CachedAnswer } from './answer-cache.ts';
import { askLocal } from './ask-local.ts';
import { createPrometheusSource, type PrometheusSource } from './prometheus-source.ts';
import { readSelector } from './read-selector.ts';
import { isWrongParameter, readViewQuery, type ViewQuery } from './read-view-query.ts';
import { renderDocs } from './render-docs.ts';
import { questionNameOf, toSummary } from './render-summary.ts';
import { renderProvenance, renderText } from './render-text.ts';
import { SampleBook } from './sample-book.ts';
import { summaryFields } from './summary-fields.ts';
import { type FilterName, VIEWS, type ViewName } from './view-definition.ts';
import { definitionsOf, viewDefinitions } from './view-definitions.ts';
import { refuse, reply, type ViewRequest, type ViewResponse } from './view-response.ts';
import type { ViewsOptions } from './views-options.ts';

/** The views under `/prometheus/metrics/`. */
export interface Views {
  /** Begins to sample the registry, at once and then in each interval; rates need two samples. */
  start(): void;
  /** Ends sampling and closes the connections to Prometheus; views still answer, from what is there. */
  stop(): void;
  /** Answers one view; never rejects. */
  respond(request: ViewRequest): Promise<ViewResponse>;
}

/** Makes views that stand still; throws a RangeError or a TypeError for options out of bounds. */
export function createViews(options: ViewsOptions): Views {
  return new MetricViews(options);
}

const DEFAULT_SAMPLE_INTERVAL_MS = 15_000;

class MetricViews implements Views {
  readonly #options: ViewsOptions;
  readonly #book: SampleBook;
  readonly #prometheus: PrometheusSource | null;
  readonly #selector: string;
  readonly #cache: AnswerCache;

  constructor(options: ViewsOptions) {
    const { registry, prometheus, now, startTimer = startProcessTimer } = options;
    this.#options = options;
    this.#selector = readSelector(prometheus?.selector ?? '');
    this.#prometheus = prometheus === null ? null : createPrometheusSource(prometheus, { now, startTimer });
    this.#cache = new AnswerCache(now);
    this.#book = new SampleBook({
      registry,
      expressions: [...viewDefinitions, ...summaryFields].map(({ expression }) => expression),
      now,
      intervalMs: readInterval(options.sampleIntervalMs ?? DEFAULT_SAMPLE_INTERVAL_MS),
      startTimer,
      onError: (error) => this.#tell(error),
    });
  }

  start(): void {
    this.#book.start();
  }

  stop(): void {
    this.#book.stop();
    this.#prometheus?.close();
  }

  async respond({ path, query }: ViewRequest): Promise<ViewResponse> {
    try {
      return await this.#respond(path, query);
    } catch (error) {
      this.#tell(error);
      return refuse(500, 'The view could not be made.', null, 'internal_error');
    }
  }

  async #respond(path: string, parameters: URLSearchParams): Promise<ViewResponse> {
    const view = VIEWS.find((name) => name === path);
    if (view === undefined) {
      return refuse(404, `There is no such view. The views are ${VIEWS.join(', ')}.`, null, 'unknown_view');
    }
    const query = readViewQuery(parameters);
    if (isWrongParameter(query)) return refuse(400, query.message, query.parameter, 'invalid_parameter');
    if (view === 'docs') {
      return reply('text/markdown; charset=utf-8', renderDocs(query.scope, this.#selector));
    }
    const questions = questionsOf(view, query.filters);
    if (questions.length === 0) {
      const [parameter = null] = query.filters;
      return refuse(
        400,
        `The view ${view} has nothing that this filter narrows.`,
        parameter,
        'invalid_parameter',
      );
    }
    const key = JSON.stringify([view, query.scope]);
    return this.#show(view, await this.#cache.get(key, () => this.#ask(questions, query)));
  }

  async #ask(questions: readonly Question[], { scope }: ViewQuery): Promise<Answer> {
    const { now } = this.#options;
    const answer = this.#prometheus === null ? null : await this.#prometheus.ask(questions, scope);
    if (answer !== null && typeof answer !== 'string') return answer;
    return askLocal(this.#book, questions, scope, answer, now);
  }

  async #show(view: Exclude<ViewName, 'docs'>, cached: CachedAnswer): Promise<ViewResponse> {
    const { answer } = cached;
    const ageMs = this.#options.now() - answer.answeredAtMs + answer.sampleAgeMs;
    const ageSeconds = Math.max(0, Math.round(ageMs)) / 1000;
    const headers = provenanceOf(answer, ageSeconds);
    if (view === 'summary') {
      const page = toSummary(answer, ageSeconds, this.#options.epochNow());
      return reply('application/json; charset=utf-8', JSON.stringify(page), headers);
    }
    cached.text ??= await renderText(definitionsOf(view), answer);
    return reply(contentType('text'), `${cached.text}${renderProvenance(answer, ageSeconds)}`, headers);
  }

  #tell(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // a listener's trouble is none of the view's
    }
  }
}

function questionsOf(view: Exclude<ViewName, 'docs'>, filters: readonly FilterName[]): readonly Question[] {
  const all =
    view === 'summary'
      ? summaryFields.map((field) => ({ ...field, name: questionNameOf(field) }))
      : definitionsOf(view);
  return all.filter((one) => filters.every((filter) => one.filters.includes(filter)));
}

function provenanceOf(answer: Answer, ageSeconds: number): Readonly<Record<string, string>> {
  return {
    'x-gatewayz-source': answer.source,
    'x-gatewayz-age-seconds': String(ageSeconds),
    'x-gatewayz-partial': String(answer.isPartial),
    ...(answer.fallback === null ? {} : { 'x-gatewayz-fallback': answer.fallback }),
  };
}

function readInterval(intervalMs: number): number {
  if (!(intervalMs >= 100 && intervalMs <= 60_000)) {
    throw new RangeError(`sampleIntervalMs must be from 100 to 60,000, not ${intervalMs}`);
  }
  return intervalMs;
}
