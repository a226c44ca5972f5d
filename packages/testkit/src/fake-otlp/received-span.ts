import type {
  AnyValueMessage,
  EventMessage,
  KeyValueMessage,
  LinkMessage,
  SpanMessage,
} from './otlp-messages.ts';

/** An attribute as it came: whole numbers are bigint, so that they are told apart from others. */
export type ReceivedValue =
  | string
  | boolean
  | bigint
  | number
  | null
  | Uint8Array
  | readonly ReceivedValue[]
  | ReceivedAttributes;

export interface ReceivedAttributes {
  readonly [key: string]: ReceivedValue;
}

export interface ReceivedEvent {
  readonly name: string;
  readonly timeNs: bigint;
  readonly attributes: ReceivedAttributes;
  readonly droppedAttributes: number;
}

export interface ReceivedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: ReceivedAttributes;
}

/** One span, as it came. Ids are lower-case hexadecimal; a root span's `parentSpanId` is ''. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly tracestate: string;
  readonly name: string;
  readonly kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Since the epoch. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: ReceivedAttributes;
  readonly droppedAttributes: number;
  readonly events: readonly ReceivedEvent[];
  readonly droppedEvents: number;
  readonly links: readonly ReceivedLink[];
  readonly droppedLinks: number;
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message: string };
  /** The low 8 bits are the trace flags. */
  readonly flags: number;
  readonly scope: { readonly name: string; readonly version: string };
  readonly resource: ReceivedAttributes;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const CODES = ['unset', 'ok', 'error'] as const;

/** Reads one span; throws where it is not as OTLP wants it. */
export function toReceivedSpan(
  span: SpanMessage,
  scope: ReceivedSpan['scope'],
  resource: ReceivedAttributes,
): ReceivedSpan {
  const startNs = BigInt(span.startTimeUnixNano);
  const endNs = BigInt(span.endTimeUnixNano);
  if (startNs === 0n) throw new Error('a span without a start time');
  if (endNs < startNs) throw new Error('a span that ends before it starts');
  return {
    traceId: toId(span.traceId, 16, 'trace id'),
    spanId: toId(span.spanId, 8, 'span id'),
    parentSpanId: span.parentSpanId.length === 0 ? '' : toId(span.parentSpanId, 8, 'parent span id'),
    tracestate: span.traceState,
    name: toName(span.name),
    kind: oneOf(KINDS, span.kind, 'kind'),
    startNs,
    endNs,
    attributes: toAttributes(span.attributes),
    droppedAttributes: span.droppedAttributesCount,
    events: span.events.map(toEvent),
    droppedEvents: span.droppedEventsCount,
    links: span.links.map(toLink),
    droppedLinks: span.droppedLinksCount,
    status: {
      code: oneOf(CODES, span.status?.code ?? 0, 'status code'),
      message: span.status?.message ?? '',
    },
    flags: span.flags,
    scope,
    resource,
  };
}

/** Reads attributes; throws where a key is empty or there twice, or a list has values of several types. */
export function toAttributes(pairs: readonly KeyValueMessage[]): ReceivedAttributes {
  const attributes: Record<string, ReceivedValue> = Object.create(null);
  for (const { key, value } of pairs) {
    if (key === '') throw new Error('an attribute without a key');
    if (Object.hasOwn(attributes, key)) throw new Error(`the attribute ${key} twice`);
    attributes[key] = toValue(value);
  }
  return attributes;
}

function toValue(value: AnyValueMessage | null): ReceivedValue {
  if (value?.intValue !== undefined) return BigInt(value.intValue);
  if (value?.arrayValue !== undefined) {
    const items = value.arrayValue.values.map(toValue);
    if (new Set(items.map((item) => typeof item)).size > 1) throw new Error('a list of several types');
    return items;
  }
  if (value?.kvlistValue !== undefined) return toAttributes(value.kvlistValue.values);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? value?.bytesValue ?? null;
}

function toEvent({ name, timeUnixNano, attributes, droppedAttributesCount }: EventMessage): ReceivedEvent {
  return {
    name: toName(name),
    timeNs: BigInt(timeUnixNano),
    attributes: toAttributes(attributes),
    droppedAttributes: droppedAttributesCount,
  };
}

function toLink({ traceId, spanId, attributes }: LinkMessage): ReceivedLink {
  return {
    traceId: toId(traceId, 16, 'trace id of a link'),
    spanId: toId(spanId, 8, 'span id of a link'),
    attributes: toAttributes(attributes),
  };
}

function toId(bytes: Uint8Array, length: number, what: string): string {
  if (bytes.length !== length || bytes.every((byte) => byte === 0)) {
    throw new Error(`a ${what} that is not ${length} bytes, or all zero`);
  }
  return Buffer.from(bytes).toString('hex');
}

function toName(name: string): string {
  if (name === '') throw new Error('an empty name');
  return name;
}

function oneOf<Name extends string>(names: readonly Name[], index: number, what: string): Name {
  const name = names[index];
  if (name === undefined) throw new Error(`an unknown ${what}: ${index}`);
  return name;
}
