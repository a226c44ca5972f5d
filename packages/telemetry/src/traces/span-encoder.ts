import { AttributeWriter } from './attribute-writer.ts';
import { type EpochOrigin, toEpochTime } from './epoch-clock.ts';
import { type FinishedSpan, SPAN_KINDS, type SpanAttributes, type Trace } from './finished-span.ts';
import { OTLP } from './otlp-tags.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';
import { newSpanId, newTraceId } from './random-ids.ts';
import type { SharedAttributes } from './shared-attributes.ts';
import type { SpanLimits } from './span-limits.ts';

/** OpenTelemetry's status codes, in the order of its API's numbers. */
export const STATUSES = ['unset', 'ok', 'error'] as const;

// Past this a span takes no more attributes, events and links: what counts is that one span cannot fill the queue.
const MAX_SPAN_BYTES = 256 * 1024;
const MAX_NAME_LENGTH = 256;
const NS_PER_SECOND = 1e9;
const TWO_POW_16 = 2 ** 16;
// Its tag, its length, its 16 bytes.
const TRACE_ID_FIELD_BYTES = 18;
const SPAN_ID = /^(?!0{16})[\da-f]{16}$/;
const TRACE_ID = /^(?!0{32})[\da-f]{32}$/;
// Span.flags: bit 8 says that bit 9 is known, and bit 9 that the parent is another process's.
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

interface SharedBlock {
  readonly bytes: Uint8Array;
  readonly written: number;
  readonly skipped: number;
}

/**
 * Writes finished spans as fields `spans` of OTLP's ScopeSpans. It is a copy: nothing of the caller's objects is held,
 * and nothing in them can make it throw.
 */
export class SpanEncoder {
  readonly #writer: ProtobufWriter;
  readonly #limits: SpanLimits;
  readonly #attributeWriter: AttributeWriter;
  #traceId: string | null = null;
  /** The field with that id: spans of one trace come together. */
  readonly #traceIdField = new Uint8Array(TRACE_ID_FIELD_BYTES);
  #origin: EpochOrigin = { seconds: 0, nanoseconds: 0 };
  readonly #blocks = new WeakMap<SharedAttributes, SharedBlock>();
  #full = 0;
  /** Of the attributes of one span, event or link. */
  #written = 0;
  #skipped = 0;

  constructor(writer: ProtobufWriter, limits: SpanLimits) {
    this.#writer = writer;
    this.#limits = limits;
    this.#attributeWriter = new AttributeWriter(writer, limits.valueLength);
  }

  write(trace: Trace, span: FinishedSpan, origin: EpochOrigin): void {
    const start = this.#writer.length;
    this.#full = start + MAX_SPAN_BYTES;
    this.#origin = origin;
    try {
      this.#span(trace, span);
    } catch {
      // A getter or proxy threw half-way: its name and times may be as false, so the span stays as a bare mark.
      this.#writer.length = start;
      this.#span(trace, UNREADABLE_SPAN);
    }
  }

  #span(trace: Trace, span: FinishedSpan): void {
    const writer = this.#writer;
    const tags = OTLP.span;
    const startMs = Number.isFinite(span.startMs) ? span.startMs : performance.now();
    const message = writer.open(OTLP.scopeSpans.spans);
    this.#identity(trace, span);
    this.#name(tags.name, span.name);
    writer.number(tags.kind, Math.max(SPAN_KINDS.indexOf(span.kind), 0) + 1);
    this.#time(tags.startTime, startMs);
    this.#time(tags.endTime, Number.isFinite(span.endMs) ? Math.max(span.endMs, startMs) : startMs);
    const { attributes, dropped } = span;
    this.#attributes(tags, attributes, this.#limits.attributes, dropped?.attributes, span.shared);
    this.#events(span, startMs);
    this.#links(span);
    this.#status(span);
    writer.close(message);
  }

  #identity({ traceId, parentSpanId, isSampled, tracestate }: Trace, span: FinishedSpan): void {
    const writer = this.#writer;
    const tags = OTLP.span;
    this.#trace(traceId);
    if (!this.#id(tags.spanId, span.spanId, 16)) writer.hexadecimal(tags.spanId, newSpanId());
    if (typeof tracestate === 'string' && tracestate !== '') this.#text(tags.traceState, tracestate);
    this.#id(tags.parentSpanId, span.parentSpanId, 16);
    const isRemote = span.parentSpanId !== '' && span.parentSpanId === parentSpanId;
    writer.fixed32(tags.flags, HAS_IS_REMOTE | (isRemote ? IS_REMOTE : 0) | (isSampled === true ? 1 : 0));
  }

  #trace(traceId: unknown): void {
    const writer = this.#writer;
    if (traceId === this.#traceId) {
      writer.bytes(this.#traceIdField);
      return;
    }
    const start = writer.length;
    if (!this.#id(OTLP.span.traceId, traceId, 32)) {
      writer.hexadecimal(OTLP.span.traceId, newTraceId());
      return;
    }
    this.#traceId = traceId as string;
    writer.copyInto(this.#traceIdField, start);
  }

  /** Ids come from this package; a false one from elsewhere would have the collector refuse the whole batch. */
  #id(tag: number, value: unknown, length: number): boolean {
    return typeof value === 'string' && value.length === length && this.#writer.hexadecimal(tag, value);
  }

  /** Shared ones come first, so that the same of them fit each time. */
  #attributes(
    tags: { readonly attributes: number; readonly droppedAttributes: number },
    attributes: SpanAttributes,
    limit: number,
    droppedBefore = 0,
    shared: SharedAttributes | null = null,
  ): void {
    this.#written = 0;
    this.#skipped = droppedBefore;
    if (shared !== null) this.#shared(tags.attributes, shared, limit);
    this.#each(tags.attributes, attributes, limit);
    this.#dropped(tags.droppedAttributes, this.#skipped);
  }

  #shared(tag: number, shared: SharedAttributes, limit: number): void {
    const known = this.#blocks.get(shared);
    if (known !== undefined) {
      this.#writer.bytes(known.bytes);
      this.#written = known.written;
      this.#skipped += known.skipped;
      return;
    }
    const start = this.#writer.length;
    const before = this.#skipped;
    this.#each(tag, shared.values, limit);
    const block = {
      bytes: this.#writer.copy(start),
      written: this.#written,
      skipped: this.#skipped - before,
    };
    this.#blocks.set(shared, block);
  }

  #each(tag: number, attributes: SpanAttributes, limit: number): void {
    for (const key of Object.keys(attributes)) {
      const hasRoom = this.#written < limit && this.#writer.length < this.#full;
      if (!hasRoom || key === '' || key.length > MAX_NAME_LENGTH) this.#skipped += 1;
      else if (this.#attributeWriter.write(tag, key, attributes[key])) this.#written += 1;
    }
  }

  #events({ events = [], dropped }: FinishedSpan, startMs: number): void {
    const { events: limit, attributesPerEvent } = this.#limits;
    const { span, event: tags } = OTLP;
    let count = 0;
    for (const event of events) {
      if (count >= limit || this.#writer.length >= this.#full) break;
      const message = this.#writer.open(span.events);
      this.#time(tags.time, Number.isFinite(event.atMs) ? event.atMs : startMs);
      this.#name(tags.name, event.name);
      this.#attributes(tags, event.attributes ?? {}, attributesPerEvent);
      this.#writer.close(message);
      count += 1;
    }
    this.#dropped(span.droppedEvents, events.length - count + (dropped?.events ?? 0));
  }

  #links({ links = [], dropped }: FinishedSpan): void {
    const { links: limit, attributesPerLink } = this.#limits;
    const { span, link: tags } = OTLP;
    let count = 0;
    for (const link of links) {
      if (count >= limit || this.#writer.length >= this.#full) break;
      if (!TRACE_ID.test(link.traceId) || !SPAN_ID.test(link.spanId)) continue;
      const message = this.#writer.open(span.links);
      this.#writer.hexadecimal(tags.traceId, link.traceId);
      this.#writer.hexadecimal(tags.spanId, link.spanId);
      this.#attributes(tags, link.attributes ?? {}, attributesPerLink);
      this.#writer.close(message);
      count += 1;
    }
    this.#dropped(span.droppedLinks, links.length - count + (dropped?.links ?? 0));
  }

  #status({ status = 'unset', errorMessage }: FinishedSpan): void {
    const code = STATUSES.indexOf(status);
    if (code <= 0) return;
    const message = this.#writer.open(OTLP.span.status);
    if (status === 'error' && typeof errorMessage === 'string') {
      this.#text(OTLP.status.message, errorMessage);
    }
    this.#writer.number(OTLP.status.code, code);
    this.#writer.close(message);
  }

  #dropped(tag: number, count: number): void {
    if (count > 0) this.#writer.number(tag, count);
  }

  #name(tag: number, name: unknown): void {
    const text = typeof name === 'string' ? name.slice(0, MAX_NAME_LENGTH) : '';
    this.#attributeWriter.name(tag, text === '' ? 'unknown' : text);
  }

  #text(tag: number, text: string): void {
    this.#writer.text(tag, text.slice(0, this.#limits.valueLength));
  }

  /** Nanoseconds since the epoch are more than a number holds, so the halves of the seconds are multiplied apart. */
  #time(tag: number, atMs: number): void {
    const [seconds, nanoseconds] = toEpochTime(this.#origin, atMs);
    const upper = Math.floor(seconds / TWO_POW_16) * NS_PER_SECOND;
    const lower = (seconds % TWO_POW_16) * NS_PER_SECOND + nanoseconds;
    this.#writer.fixed64(tag, Math.floor(upper / TWO_POW_16), (upper % TWO_POW_16) * TWO_POW_16 + lower);
  }
}

const UNREADABLE_SPAN: FinishedSpan = {
  name: 'unreadable span',
  kind: 'internal',
  spanId: '',
  parentSpanId: '',
  startMs: Number.NaN,
  endMs: Number.NaN,
  attributes: {},
};
