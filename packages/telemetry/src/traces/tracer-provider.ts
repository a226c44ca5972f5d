import { type Context, trace as traceApi } from '@opentelemetry/api';
import {
  type ReadableSpan,
  type SamplingDecision,
  type Sampler as SdkSampler,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type EpochOrigin, fromEpochTime } from './epoch-clock.ts';
import { type FinishedSpan, SPAN_KINDS, type SpanAttributes, type Trace } from './finished-span.ts';
import { createProcessResource } from './process-resource.ts';
import { newSpanId, newTraceId } from './random-ids.ts';
import type { Sampler } from './sampler.ts';
import { STATUSES } from './span-encoder.ts';
import type { Tracing } from './tracing.ts';

// An erasable-only compiler does not read the SDK's enum; its values are fixed by the specification's order.
const NOT_RECORD: SamplingDecision.NOT_RECORD = 0;
const RECORD_AND_SAMPLED: SamplingDecision.RECORD_AND_SAMPLED = 2;

/**
 * Creates OpenTelemetry's own provider for spans that are made while they last, with `startSpan` and `startActiveSpan`:
 * the same sampler, limits, queue and counts as `tracing`. What is not sampled at the beginning cannot be kept late.
 */
export function createTracerProvider(tracing: Tracing): TracerProvider {
  const { limits, resource } = tracing.settings;
  return new TracerProvider({
    resource: createProcessResource(resource),
    sampler: toSdkSampler(tracing.sampler),
    idGenerator: { generateTraceId: newTraceId, generateSpanId: newSpanId },
    spanProcessors: [new RecordingProcessor(tracing)],
    spanLimits: {
      attributeCountLimit: limits.attributes,
      attributeValueLengthLimit: limits.valueLength,
      eventCountLimit: limits.events,
      linkCountLimit: limits.links,
      attributePerEventCountLimit: limits.attributesPerEvent,
      attributePerLinkCountLimit: limits.attributesPerLink,
    },
  });
}

const FLUSH_BUDGET_MS = 30_000;

class RecordingProcessor implements SpanProcessor {
  readonly #tracing: Tracing;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { name, version = '' } = span.instrumentationScope;
    const origin = this.#tracing.clock.origin();
    this.#tracing.record(toTrace(span), [toFinishedSpan(span, origin)], { name, version });
  }

  forceFlush(): Promise<void> {
    return this.#tracing.flush(FLUSH_BUDGET_MS);
  }

  /** The provider is one user of `tracing` among others, so it does not end it. */
  shutdown(): Promise<void> {
    return this.forceFlush();
  }
}

/** A local parent has been through the sampler too, so a span below one always follows it: a trace is never torn. */
function toSdkSampler(sampler: Sampler): SdkSampler {
  const isSampled = (context: Context, traceId: string): boolean => {
    const parent = traceApi.getSpanContext(context);
    if (parent === undefined || !traceApi.isSpanContextValid(parent)) return sampler.isSampled(traceId, null);
    const parentIsSampled = (parent.traceFlags & 1) === 1;
    return parent.isRemote === true ? sampler.isSampled(traceId, parentIsSampled) : parentIsSampled;
  };
  return {
    shouldSample: (context, traceId) => ({
      decision: isSampled(context, traceId) ? RECORD_AND_SAMPLED : NOT_RECORD,
    }),
    toString: () => 'gatewayz-telemetry',
  };
}

function toTrace(span: ReadableSpan): Trace {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const parent = span.parentSpanContext;
  return {
    traceId,
    spanId,
    parentSpanId: parent?.isRemote === true ? parent.spanId : '',
    isSampled: (traceFlags & 1) === 1,
    tracestate: traceState?.serialize() ?? '',
    baggage: '',
  };
}

function toFinishedSpan(span: ReadableSpan, origin: EpochOrigin): FinishedSpan {
  return {
    name: span.name,
    kind: SPAN_KINDS[span.kind] ?? 'internal',
    spanId: span.spanContext().spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? '',
    startMs: fromEpochTime(origin, span.startTime),
    endMs: fromEpochTime(origin, span.endTime),
    attributes: span.attributes as SpanAttributes,
    events: span.events.map(({ name, time, attributes }) => ({
      name,
      atMs: fromEpochTime(origin, time),
      attributes: (attributes ?? {}) as SpanAttributes,
    })),
    links: span.links.map(({ context, attributes }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: (attributes ?? {}) as SpanAttributes,
    })),
    status: STATUSES[span.status.code] ?? 'unset',
    errorMessage: span.status.message ?? '',
    dropped: {
      attributes: span.droppedAttributesCount,
      events: span.droppedEventsCount,
      links: span.droppedLinksCount,
    },
  };
}
