import { EXTRA_FIELDS } from '../billing/paid-extras.ts';

/** Where a value of a top-level field stands in the bytes of a body: [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What the gateway must find in a body in order to change it without rewriting the rest. */
export interface BodyLayout {
  /** Just behind the opening brace: where a field can be put in front of the others. */
  readonly insertAt: number;
  /** The guarded fields that are there. */
  readonly fields: ReadonlyMap<string, Span>;
}

/** Why a body was not laid out; well-formedness itself is for the JSON parser to judge. */
export type ScanProblem = 'not_an_object' | 'too_deep' | 'too_many_fields' | 'duplicate_field' | 'malformed';

export const MAX_DEPTH = 200;
export const MAX_FIELDS = 100_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Fields that change what the gateway does: a second one must not say something else to the provider. */
const GUARDED: ReadonlySet<string> = new Set([
  'model',
  'stream',
  'stream_options',
  'messages',
  'prompt',
  'input',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'best_of',
  ...EXTRA_FIELDS,
]);

/**
 * Finds the top-level fields of a JSON body that may have to be changed, in one pass over its bytes,
 * and refuses bodies built to exhaust a parser: deeper than {@link MAX_DEPTH} or with more than
 * {@link MAX_FIELDS} fields in all.
 */
export function scanBody(body: Buffer): BodyLayout | ScanProblem {
  const open = skipSpace(body, 0);
  if (body[open] !== OPEN_BRACE) return 'not_an_object';
  const found = new Map<string, Span>();
  const budget: Budget = { fields: MAX_FIELDS };
  let at = skipSpace(body, open + 1);
  let isMore = body[at] !== CLOSE_BRACE;
  while (isMore) {
    const field = readField(body, at, budget);
    if (typeof field === 'string') return field;
    if (GUARDED.has(field.key)) {
      if (found.has(field.key)) return 'duplicate_field';
      found.set(field.key, field.value);
    }
    const next = skipSpace(body, field.value.end);
    isMore = body[next] === COMMA;
    if (!isMore && body[next] !== CLOSE_BRACE) return 'malformed';
    at = skipSpace(body, next + 1);
  }
  return { insertAt: open + 1, fields: found };
}

/** How many fields may still come. */
interface Budget {
  fields: number;
}

function readField(body: Buffer, from: number, budget: Budget): { key: string; value: Span } | ScanProblem {
  const keyEnd = skipString(body, from);
  if (keyEnd < 0) return 'malformed';
  const colon = skipSpace(body, keyEnd);
  if (body[colon] !== COLON) return 'malformed';
  budget.fields -= 1;
  if (budget.fields < 0) return 'too_many_fields';
  const start = skipSpace(body, colon + 1);
  const end = skipValue(body, start, budget);
  return typeof end === 'string' ? end : { key: readKey(body, from, keyEnd), value: { start, end } };
}

function readKey(body: Buffer, start: number, end: number): string {
  const raw = body.toString('latin1', start + 1, end - 1);
  if (!raw.includes('\\')) return raw;
  try {
    return String(JSON.parse(body.toString('utf8', start, end)));
  } catch {
    return raw;
  }
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = body[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/** The index behind a string's closing quote, or -1. */
function skipString(body: Buffer, from: number): number {
  if (body[from] !== QUOTE) return -1;
  for (let at = from + 1; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  return -1;
}

function skipValue(body: Buffer, from: number, budget: Budget): number | ScanProblem {
  const first = body[from];
  if (first === QUOTE) {
    const end = skipString(body, from);
    return end < 0 ? 'malformed' : end;
  }
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipContainer(body, from, budget);
  let at = from;
  while (at < body.length && !endsScalar(body[at])) at += 1;
  return at;
}

function endsScalar(byte: number | undefined): boolean {
  return (
    byte === COMMA || byte === CLOSE_BRACE || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
  );
}

function skipContainer(body: Buffer, from: number, budget: Budget): number | ScanProblem {
  let depth = 0;
  let at = from;
  while (at < body.length) {
    const byte = body[at];
    at += 1;
    switch (byte) {
      case QUOTE:
        at = skipString(body, at - 1);
        if (at < 0) return 'malformed';
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        if (depth >= MAX_DEPTH) return 'too_deep';
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        if (depth === 0) return at;
        break;
      case COLON:
        budget.fields -= 1;
        if (budget.fields < 0) return 'too_many_fields';
        break;
      default:
    }
  }
  return 'malformed';
}
