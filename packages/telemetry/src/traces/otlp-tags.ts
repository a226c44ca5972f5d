/**
 * The fields of an ExportTraceServiceRequest that are written, each as protobuf's tag: eight times its number, and the
 * wire type (opentelemetry-proto 1.7: `trace.proto`, `common.proto`, `resource.proto`).
 */
export const OTLP = {
  request: { resourceSpans: 0x0a },
  resourceSpans: { resource: 0x0a, scopeSpans: 0x12 },
  resource: { attributes: 0x0a },
  scopeSpans: { scope: 0x0a, spans: 0x12 },
  scope: { name: 0x0a, version: 0x12 },
  span: {
    traceId: 0x0a,
    spanId: 0x12,
    traceState: 0x1a,
    parentSpanId: 0x22,
    name: 0x2a,
    kind: 0x30,
    startTime: 0x39,
    endTime: 0x41,
    attributes: 0x4a,
    droppedAttributes: 0x50,
    events: 0x5a,
    droppedEvents: 0x60,
    links: 0x6a,
    droppedLinks: 0x70,
    status: 0x7a,
    flags: 0x85,
  },
  event: { time: 0x09, name: 0x12, attributes: 0x1a, droppedAttributes: 0x20 },
  link: { traceId: 0x0a, spanId: 0x12, attributes: 0x22, droppedAttributes: 0x28 },
  status: { message: 0x12, code: 0x18 },
  keyValue: { key: 0x0a, value: 0x12 },
  anyValue: { string: 0x0a, bool: 0x10, int: 0x18, double: 0x21, array: 0x2a },
  arrayValue: { values: 0x0a },
} as const;
