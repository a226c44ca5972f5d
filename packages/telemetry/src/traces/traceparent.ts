/** What a caller says about the trace that its request belongs to. */
export interface RemoteParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const LENGTH = 55;
const SAMPLED = 1;
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/**
 * Reads a `traceparent` header by the rules of W3C Trace Context, section 3.2, or says null: then a new trace begins,
 * and `tracestate` must not be looked at. More than one header (an array, or values joined by a comma) is none. Of a
 * version after 00 the known part is read; version ff is invalid.
 */
export function parseTraceparent(header: unknown): RemoteParent | null {
  const text = typeof header === 'string' ? header : firstOfOne(header);
  if (text === null || text.length < LENGTH) return null;
  const isLonger = text.length > LENGTH;
  if (isLonger && (text.startsWith('00') || text[LENGTH] !== '-')) return null;
  const [, version, traceId, spanId, flags] = TRACEPARENT.exec(isLonger ? text.slice(0, LENGTH) : text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (version === 'ff' || traceId === NO_TRACE || spanId === NO_SPAN) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

/** Writes a `traceparent` of version 00, whose only flag is whether the trace is sampled. */
export function formatTraceparent(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

function firstOfOne(header: unknown): string | null {
  if (!Array.isArray(header) || header.length !== 1) return null;
  return typeof header[0] === 'string' ? header[0] : null;
}
