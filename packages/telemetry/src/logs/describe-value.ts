import { types } from 'node:util';

const MAX_DEPTH = 4;
const MAX_ENTRIES = 32;
const MAX_TEXT = 4_096;
const MAX_CAUSES = 5;

export const UNREADABLE = '[unreadable]';

/** What an error says of itself. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  /** With the stacks of its causes. */
  readonly stack: string;
  readonly code: string | undefined;
}

/** Reads one property of anything; a getter or a trap that throws gives `undefined`. */
function read(value: object, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}

function readText(value: object, name: string): string | undefined {
  const text = read(value, name);
  return typeof text === 'string' ? text : undefined;
}

/** Whether it is an error, also one of another realm; never throws. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || types.isNativeError(value);
  } catch {
    return false;
  }
}

function describeOne(error: object): ErrorDescription {
  const type = readText(error, 'name') ?? 'Error';
  const message = readText(error, 'message') ?? '';
  const code = read(error, 'code');
  return {
    type,
    message,
    stack: readText(error, 'stack') ?? `${type}: ${message}`,
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : undefined,
  };
}

function causesOf(error: object): readonly unknown[] {
  const cause = read(error, 'cause');
  const errors = read(error, 'errors');
  const several = isArray(errors) ? errors.slice(0, MAX_CAUSES) : [];
  return cause === undefined || cause === null ? several : [cause, ...several];
}

function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Describes an error and, in its stack, up to five of its causes; never throws. */
export function describeError(error: Error): ErrorDescription {
  const whole = describeOne(error);
  const seen = new Set<unknown>([error]);
  const stacks = [whole.stack];
  const open = [...safely(() => causesOf(error), [])];
  while (open.length > 0 && stacks.length <= MAX_CAUSES) {
    const cause = open.shift();
    if (seen.has(cause)) continue;
    seen.add(cause);
    stacks.push(
      `caused by: ${isError(cause) ? describeOne(cause).stack : describeValue(cause, () => false)}`,
    );
    if (isError(cause)) open.push(...safely(() => causesOf(cause), []));
  }
  return { ...whole, stack: stacks.join('\n') };
}

function safely<T>(run: () => T, otherwise: T): T {
  try {
    return run();
  } catch {
    return otherwise;
  }
}

/**
 * Any value as bounded text, never calling its own `toJSON` or `toString`, never throwing; a property whose name
 * `isSecret` is `[redacted]` inside.
 */
export function describeValue(value: unknown, isSecret: (name: string) => boolean): string {
  return safely(() => {
    const plain = toPlain(value, 0, new Set(), isSecret);
    return typeof plain === 'string' ? plain : (JSON.stringify(plain) ?? UNREADABLE);
  }, UNREADABLE);
}

type IsSecret = (name: string) => boolean;

function toPlain(value: unknown, depth: number, above: Set<object>, isSecret: IsSecret): unknown {
  switch (typeof value) {
    case 'string':
      return value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value;
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
    case 'symbol':
    case 'undefined':
      return String(value);
    case 'function':
      return '[function]';
    default:
      if (value === null) return null;
      return safely(() => objectToPlain(value as object, depth, above, isSecret), UNREADABLE);
  }
}

function objectToPlain(value: object, depth: number, above: Set<object>, isSecret: IsSecret): unknown {
  if (value instanceof Date) return dateText(value);
  if (value instanceof URL || value instanceof RegExp) return String(value);
  if (isError(value)) return describeOne(value).stack;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (above.has(value)) return '[circular]';
  if (depth >= MAX_DEPTH) return '[nested]';
  above.add(value);
  const plain = isArray(value)
    ? value.slice(0, MAX_ENTRIES).map((item) => toPlain(item, depth + 1, above, isSecret))
    : entriesToPlain(value, depth, above, isSecret);
  above.delete(value);
  return plain;
}

function entriesToPlain(value: object, depth: number, above: Set<object>, isSecret: IsSecret): unknown {
  const plain: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value).slice(0, MAX_ENTRIES)) {
    const shown = name.slice(0, 128);
    if (isSecret(name)) plain[shown] = '[redacted]';
    else {
      plain[shown] = safely(
        () => toPlain((value as Readonly<Record<string, unknown>>)[name], depth + 1, above, isSecret),
        UNREADABLE,
      );
    }
  }
  return plain;
}

/** ISO 8601, or `Invalid Date`. */
export function dateText(date: Date): string {
  return safely(() => Date.prototype.toISOString.call(date), 'Invalid Date');
}
