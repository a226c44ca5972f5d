import type { Attributes, HrTime, Link, SpanContext } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import { type EpochOrigin, toEpochTime } from './epoch-clock.ts';
import type { Cell } from './span-cells.ts';

/** Reads what `SpanCells` wrote, as the spans that OpenTelemetry's serializer takes. */
export function readSpanCells(
  cells: readonly Cell[],
  origin: EpochOrigin,
  resource: Resource,
): ReadableSpan[] {
  const reader = new CellReader(cells, origin, resource);
  const spans: ReadableSpan[] = [];
  while (reader.hasMore) spans.push(reader.span());
  return spans;
}

class CellReader {
  readonly #cells: readonly Cell[];
  readonly #origin: EpochOrigin;
  readonly #resource: Resource;
  // The serializer groups spans by the identity of their scope.
  readonly #scopes = new Map<string, InstrumentationScope>();
  #at = 0;

  constructor(cells: readonly Cell[], origin: EpochOrigin, resource: Resource) {
    this.#cells = cells;
    this.#origin = origin;
    this.#resource = resource;
  }

  get hasMore(): boolean {
    return this.#at < this.#cells.length;
  }

  span(): ReadableSpan {
    const instrumentationScope = this.#scope();
    const traceId = this.#text();
    const spanId = this.#text();
    const parentSpanId = this.#text();
    const traceFlags = this.#cell() === true ? 1 : 0;
    const isRemote = this.#cell() === true;
    const tracestate = this.#text();
    const name = this.#text();
    const kind = this.#number();
    const startTime = this.#time();
    const endTime = this.#time();
    const status = { code: this.#number(), message: this.#text() };
    const attributes = this.#attributes();
    const events = this.#list(() => this.#event());
    const links = this.#list(() => this.#link());
    const context: SpanContext = { traceId, spanId, traceFlags, ...toTraceState(tracestate) };
    return {
      name,
      kind,
      spanContext: () => context,
      ...(parentSpanId !== '' && {
        parentSpanContext: { traceId, spanId: parentSpanId, traceFlags, isRemote },
      }),
      startTime,
      endTime,
      status,
      attributes: attributes.values,
      droppedAttributesCount: attributes.dropped,
      events: events.items,
      droppedEventsCount: events.dropped,
      links: links.items,
      droppedLinksCount: links.dropped,
      duration: [0, 0],
      ended: true,
      resource: this.#resource,
      instrumentationScope,
    };
  }

  #scope(): InstrumentationScope {
    const name = this.#text();
    const version = this.#text();
    const key = `${name}\n${version}`;
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    const scope = { name, version };
    this.#scopes.set(key, scope);
    return scope;
  }

  #event(): TimedEvent {
    const name = this.#text();
    const time = this.#time();
    const { values, dropped } = this.#attributes();
    return { name, time, attributes: values, droppedAttributesCount: dropped };
  }

  #link(): Link {
    const context = { traceId: this.#text(), spanId: this.#text(), traceFlags: 0 };
    const { values, dropped } = this.#attributes();
    return { context, attributes: values, droppedAttributesCount: dropped };
  }

  #attributes(): { readonly values: Attributes; readonly dropped: number } {
    const count = this.#number();
    const dropped = this.#number();
    // Without a prototype, so that a key `__proto__` is a key.
    const values: Record<string, Cell> = Object.create(null);
    for (let index = 0; index < count; index++) values[this.#text()] = this.#cell();
    return { values: values as Attributes, dropped };
  }

  #list<Item>(read: () => Item): { readonly items: Item[]; readonly dropped: number } {
    const count = this.#number();
    const dropped = this.#number();
    return { items: Array.from({ length: count }, read), dropped };
  }

  #cell(): Cell {
    return this.#cells[this.#at++] ?? '';
  }

  #text(): string {
    return String(this.#cell());
  }

  #number(): number {
    return Number(this.#cell());
  }

  #time(): HrTime {
    return toEpochTime(this.#origin, this.#number());
  }
}

function toTraceState(text: string): Pick<SpanContext, 'traceState'> | null {
  if (text === '') return null;
  const traceState = {
    serialize: () => text,
    get: () => undefined,
    set: () => traceState,
    unset: () => traceState,
  };
  return { traceState };
}
