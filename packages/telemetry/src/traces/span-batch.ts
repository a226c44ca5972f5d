import type { Attributes } from '@opentelemetry/api';
import { toPlainValue } from './attribute-value.ts';
import type { EpochOrigin } from './epoch-clock.ts';
import type { FinishedSpan, Trace } from './finished-span.ts';
import { OTLP } from './otlp-tags.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { SpanEncoder } from './span-encoder.ts';
import type { SpanLimits } from './span-limits.ts';
import { writeAttribute } from './write-attribute.ts';

/** Who made the spans: OpenTelemetry's instrumentation scope. */
export interface SpanScope {
  readonly name: string;
  readonly version: string;
}

/** Spans that leave together. */
export interface SpanBatch {
  /** OTLP's ExportTraceServiceRequest as protobuf, in a buffer of its own, which goes to whoever sends it. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly spans: number;
}

const FIRST_BYTES = 16 * 1024;
const MAX_RESOURCE_VALUE = 8192;

/** Gathers spans as the bytes that will be sent: nothing is held but these, and nothing is written twice. */
export class SpanBatchWriter {
  spans = 0;
  readonly #writer = new ProtobufWriter(FIRST_BYTES);
  readonly #encoder: SpanEncoder;
  readonly #resource: Attributes;
  #resourceSpans = 0;
  #scopeSpans = 0;
  #spansFrom = 0;
  #scope: SpanScope | null = null;

  /** `resource` says what makes the spans, as attributes. */
  constructor(limits: SpanLimits, resource: Attributes) {
    this.#encoder = new SpanEncoder(this.#writer, limits);
    this.#resource = resource;
    this.#begin();
  }

  /** Of the spans added. */
  get bytes(): number {
    return this.#writer.length - this.#spansFrom;
  }

  /** Never throws, whatever is in the span. */
  add(trace: Trace, scope: SpanScope, span: FinishedSpan, origin: EpochOrigin): void {
    if (!isSame(scope, this.#scope)) this.#beginScope(scope);
    this.#encoder.write(trace, span, origin);
    this.spans += 1;
  }

  /** Hands over what was added, and begins anew. */
  take(): SpanBatch {
    const { spans } = this;
    this.#endScope();
    this.#writer.close(this.#resourceSpans);
    const body = this.#writer.copy();
    this.#begin();
    return { body, spans };
  }

  #begin(): void {
    const writer = this.#writer;
    writer.length = 0;
    this.#resourceSpans = writer.open(OTLP.request.resourceSpans);
    const resource = writer.open(OTLP.resourceSpans.resource);
    for (const [key, value] of Object.entries(this.#resource)) {
      const plain = toPlainValue(value, MAX_RESOURCE_VALUE);
      if (plain !== null) writeAttribute(writer, OTLP.resource.attributes, key, plain);
    }
    writer.close(resource);
    this.#spansFrom = writer.length;
    this.spans = 0;
  }

  #beginScope(scope: SpanScope): void {
    const writer = this.#writer;
    this.#endScope();
    this.#scope = scope;
    this.#scopeSpans = writer.open(OTLP.resourceSpans.scopeSpans);
    const message = writer.open(OTLP.scopeSpans.scope);
    writer.text(OTLP.scope.name, String(scope.name));
    writer.text(OTLP.scope.version, String(scope.version));
    writer.close(message);
  }

  #endScope(): void {
    if (this.#scope !== null) this.#writer.close(this.#scopeSpans);
    this.#scope = null;
  }
}

function isSame(scope: SpanScope, other: SpanScope | null): boolean {
  return scope === other || (scope.name === other?.name && scope.version === other.version);
}
