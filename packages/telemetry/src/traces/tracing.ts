import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { readBaggage } from './baggage.ts';
import type { Environment } from './environment-values.ts';
import { createEpochClock, type EpochClock } from './epoch-clock.ts';
import { type BatchSink, createExportThread } from './export-thread.ts';
import type { FinishedSpan, Trace } from './finished-span.ts';
import { createProcessResource } from './process-resource.ts';
import { newSpanId, newTraceId } from './random-ids.ts';
import { createSampler, type Sampler } from './sampler.ts';
import type { SpanScope } from './span-batch.ts';
import { type SpanCounts, SpanQueue } from './span-queue.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';
import { readTracestate } from './tracestate.ts';
import { readTracingSettings, type TracingSettings } from './tracing-settings.ts';

export interface TracingOptions {
  /** The `OTEL_*` variables; default `process.env`. */
  readonly environment?: Environment;
  /** `service.name` where the environment does not say one. */
  readonly serviceName?: string;
  /** Who makes the spans that `record` takes; default the service's name. */
  readonly scope?: SpanScope;
  /** From which duration on a trace is kept though it was not sampled, milliseconds; default 30,000. */
  readonly slowMs?: number;
  /** Is told in one sentence of a bad variable, and of exports that begin to fail. Default: a process warning. */
  readonly onProblem?: (problem: string) => void;
  /** Where batches go; default a worker thread that sends them by OTLP/HTTP. */
  readonly sink?: BatchSink;
}

/** The headers of a request that say which trace it belongs to, as Node gives them. */
export interface IncomingTraceHeaders {
  readonly traceparent?: unknown;
  readonly tracestate?: unknown;
  readonly baggage?: unknown;
}

/** The headers that take a trace on to the next service. */
export interface OutgoingTraceHeaders {
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

/** Why a trace is kept: `sampled`, `slow`, or what the caller named. */
export type KeepReason = string;

/**
 * Traces for a path that must stay fast: at its beginning a request gets ids and a decision, at its end its spans are
 * made, all at once, and only if they are kept. Nothing here throws.
 */
export interface Tracing {
  readonly settings: TracingSettings;
  /** The sampler, for those who make spans while they last. */
  readonly sampler: Sampler;
  readonly clock: EpochClock;
  /** Begins a trace, or goes on with the caller's. */
  begin(headers: IncomingTraceHeaders): Trace;
  /** The `traceparent` of the request's own span: for the response, and for `outgoing` calls without a span. */
  traceparent(trace: Trace): string;
  /** Headers for a call to another service, made in the given span. The flag says what was decided at the beginning. */
  outgoing(trace: Trace, spanId: string): OutgoingTraceHeaders;
  /**
   * Decides at the end whether a trace is kept, and says why: it was sampled, `notable` names a reason (an error, a
   * failover), or it lasted long. Null for the others. `traceparent` has said 00 of those kept late: a caller's own
   * spans may then be missing.
   */
  keepReason(trace: Trace, durationMs: number, notable: string | null): KeepReason | null;
  /** Hands over the finished spans of a trace. They are copied, and sent later. */
  record(trace: Trace, spans: readonly FinishedSpan[], scope?: SpanScope): void;
  counts(): SpanCounts;
  /** Sends what waits; resolves at the latest after the budget. */
  flush(budgetMs: number): Promise<void>;
  /** Flushes within the budget, counts the rest as failed, and ends the thread. */
  close(budgetMs: number): Promise<void>;
}

const DEFAULT_SLOW_MS = 30_000;
const EXIT_BUDGET_MS = 1_000;
const NO_HEADERS: OutgoingTraceHeaders = {};

/**
 * Creates tracing as the environment asks for it, or says null where it asks for none: see `readTracingSettings`. What a
 * process has left as it exits gets one more second.
 */
export function createTracing(options: TracingOptions = {}): Tracing | null {
  const onProblem = toSafe(options.onProblem ?? warn);
  const environment = options.environment ?? process.env;
  const settings = readTracingSettings(environment, options.serviceName ?? 'unknown_service:node', onProblem);
  return settings === null ? null : new LateTracing(settings, options, onProblem);
}

class LateTracing implements Tracing {
  readonly settings: TracingSettings;
  readonly sampler: Sampler;
  readonly clock: EpochClock = createEpochClock();
  readonly #queue: SpanQueue;
  readonly #scope: SpanScope;
  readonly #slowMs: number;
  readonly #onExit = (): void => this.#queue.closeSync(EXIT_BUDGET_MS);

  constructor(settings: TracingSettings, options: TracingOptions, onProblem: (problem: string) => void) {
    const { otlp, resource, queue, limits } = settings;
    this.settings = settings;
    this.sampler = createSampler(settings.sampler);
    this.#scope = options.scope ?? { name: resource[ATTR_SERVICE_NAME] ?? '', version: '' };
    this.#slowMs = options.slowMs ?? DEFAULT_SLOW_MS;
    this.#queue = new SpanQueue({
      settings: queue,
      limits,
      clock: this.clock,
      sink: options.sink ?? createExportThread({ otlp }),
      resource: createProcessResource(resource).attributes,
      onProblem: (problem) => onProblem(`traces: ${problem}`),
    });
    process.once('exit', this.#onExit);
  }

  begin(headers: IncomingTraceHeaders): Trace {
    const { tracecontext, baggage: passesBaggage } = this.settings.propagators;
    const parent = tracecontext ? parseTraceparent(headers.traceparent) : null;
    const traceId = parent?.traceId ?? newTraceId();
    const { tracestate, baggage } = headers;
    return {
      traceId,
      spanId: newSpanId(),
      parentSpanId: parent?.spanId ?? '',
      isSampled: this.sampler.isSampled(traceId, parent?.isSampled ?? null),
      tracestate: parent === null || tracestate === undefined ? '' : readTracestate(tracestate),
      baggage: passesBaggage && baggage !== undefined ? readBaggage(baggage) : '',
    };
  }

  traceparent(trace: Trace): string {
    return formatTraceparent(trace.traceId, trace.spanId, trace.isSampled);
  }

  outgoing({ traceId, isSampled, tracestate, baggage }: Trace, spanId: string): OutgoingTraceHeaders {
    if (!this.settings.propagators.tracecontext) return baggage === '' ? NO_HEADERS : { baggage };
    return {
      traceparent: formatTraceparent(traceId, spanId, isSampled),
      ...(tracestate !== '' && { tracestate }),
      ...(baggage !== '' && { baggage }),
    };
  }

  keepReason(trace: Trace, durationMs: number, notable: string | null): KeepReason | null {
    if (trace.isSampled) return 'sampled';
    if (!this.settings.sampler.keepsLate) return null;
    return notable ?? (durationMs >= this.#slowMs ? 'slow' : null);
  }

  record(trace: Trace, spans: readonly FinishedSpan[], scope: SpanScope = this.#scope): void {
    this.#queue.add(trace, scope, spans);
  }

  counts(): SpanCounts {
    return this.#queue.counts();
  }

  flush(budgetMs: number): Promise<void> {
    return this.#queue.flush(budgetMs);
  }

  async close(budgetMs: number): Promise<void> {
    await this.#queue.close(budgetMs);
    process.removeListener('exit', this.#onExit);
  }
}

function warn(problem: string): void {
  process.emitWarning(problem, 'TelemetryWarning');
}

/** A listener that throws must not take a request or the export with it. */
function toSafe(listener: (problem: string) => void): (problem: string) => void {
  return (problem) => {
    try {
      listener(problem);
    } catch {
      // There is no better place to tell.
    }
  };
}
