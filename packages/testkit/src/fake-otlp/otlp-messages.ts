import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

/** Exactly one of them is there; none for an empty value. */
export interface AnyValueMessage {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly AnyValueMessage[] };
  readonly kvlistValue?: { readonly values: readonly KeyValueMessage[] };
  readonly bytesValue?: Uint8Array;
}

export interface KeyValueMessage {
  readonly key: string;
  readonly value: AnyValueMessage | null;
}

export interface EventMessage {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly KeyValueMessage[];
  readonly droppedAttributesCount: number;
}

export interface LinkMessage {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly attributes: readonly KeyValueMessage[];
}

/** 64-bit numbers are decimal texts. */
export interface SpanMessage {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly traceState: string;
  readonly parentSpanId: Uint8Array;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValueMessage[];
  readonly droppedAttributesCount: number;
  readonly events: readonly EventMessage[];
  readonly droppedEventsCount: number;
  readonly links: readonly LinkMessage[];
  readonly droppedLinksCount: number;
  readonly status: { readonly code: number; readonly message: string } | null;
  readonly flags: number;
}

export interface ExportMessage {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValueMessage[] } | null;
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string; readonly version: string } | null;
      readonly spans: readonly SpanMessage[];
    }[];
  }[];
}

const SCHEMA = readFileSync(new URL('./otlp-trace.proto', import.meta.url), 'utf8');
const { root } = protobuf.parse(SCHEMA);
const requestType = root.lookupType('otlp.ExportTraceServiceRequest');
const responseType = root.lookupType('otlp.ExportTraceServiceResponse');

/** Reads the body of a request by the schema; throws where it is none, or has a field that the schema does not know. */
export function decodeExport(body: Uint8Array): ExportMessage {
  const reader = protobuf.Reader.create(body);
  reader.discardUnknown = false;
  const decoded = requestType.decode(reader);
  rejectUnknown(decoded);
  // What is absent has proto3's default; of a `oneof` only what was sent is there.
  const message = requestType.toObject(decoded, { longs: String, defaults: true });
  return message as ExportMessage;
}

/** Writes what a collector answers; without an argument, that it took everything. */
export function encodeAnswer(partial?: {
  readonly rejectedSpans: number;
  readonly errorMessage: string;
}): Uint8Array {
  return responseType.encode(responseType.create(partial && { partialSuccess: partial })).finish();
}

function rejectUnknown(message: object): void {
  if ('$unknowns' in message) throw new Error('a field that the schema does not know');
  for (const value of Object.values(message)) {
    if (ArrayBuffer.isView(value)) continue;
    if (typeof value === 'object' && value !== null) rejectUnknown(value);
  }
}
