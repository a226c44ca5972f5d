import type { SharedAttributes } from './shared-attributes.ts';

/** OpenTelemetry's kinds of span, in the order of its API's numbers. */
export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

export type SpanKind = (typeof SPAN_KINDS)[number];

export type AttributeValue = string | number | boolean | readonly string[];

/** By name. What is `undefined` or `null` is left out; what is no attribute value becomes a text. */
export type SpanAttributes = Readonly<Record<string, AttributeValue | null | undefined>>;

/** Something that happened at one moment of a span. */
export interface SpanEvent {
  readonly name: string;
  /** By `performance.now()`, milliseconds. */
  readonly atMs: number;
  readonly attributes?: SpanAttributes;
}

/** A span elsewhere that this one has to do with. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes?: SpanAttributes;
}

/** One operation of a trace, after its end. Times are those of `performance.now()`, milliseconds. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  /** 16 hexadecimal digits, from `newSpanId`. */
  readonly spanId: string;
  /** '' for none. */
  readonly parentSpanId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  /** More attributes, none of them among the others. */
  readonly shared?: SharedAttributes;
  readonly events?: readonly SpanEvent[];
  readonly links?: readonly SpanLink[];
  /** Default `unset`, as OpenTelemetry asks of what did not fail. */
  readonly status?: 'unset' | 'ok' | 'error';
  /** What went wrong, for status `error`. Never put a secret or a user's words in it. */
  readonly errorMessage?: string;
  /** What its maker had to leave out already. */
  readonly dropped?: { readonly attributes: number; readonly events: number; readonly links: number };
}

/** The trace that a request belongs to, and what is known of it at its beginning. */
export interface Trace {
  readonly traceId: string;
  /** The id of the span that covers the whole request here. */
  readonly spanId: string;
  /** The caller's span; '' for none. */
  readonly parentSpanId: string;
  /** The decision at the beginning. A trace without it may still be kept at its end. */
  readonly isSampled: boolean;
  /** Other vendors' state, opaque; '' for none. */
  readonly tracestate: string;
  /** '' unless `OTEL_PROPAGATORS` asks for it. */
  readonly baggage: string;
}
