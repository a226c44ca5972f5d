const MAX_ITEMS = 128;
const UNREADABLE = '[unreadable]';

type Scalar = string | number | boolean;

/** What an attribute's value may be in a batch: it passes to another thread, and into OTLP, as it is. */
export type PlainValue = Scalar | readonly Scalar[];

/**
 * The value as it is exported: texts cut to `maxLength` characters, lists to 128 items, everything else that is no
 * value of OTLP as a text. Null where there is nothing to say. Never throws, whatever getters and proxies do.
 */
export function toPlainValue(value: unknown, maxLength: number): PlainValue | null {
  if (typeof value === 'string') return cut(value, maxLength);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value === null || value === undefined) return null;
  try {
    return Array.isArray(value) ? toPlainList(value, maxLength) : toScalar(value, maxLength);
  } catch {
    return UNREADABLE;
  }
}

/** OTLP's lists are of one type: those of several become texts. */
function toPlainList(values: readonly unknown[], maxLength: number): PlainValue {
  const items: Scalar[] = [];
  const count = Math.min(values.length, MAX_ITEMS);
  for (let index = 0; index < count; index++) items.push(toScalar(values[index], maxLength));
  const type = typeof items[0];
  return items.every((item) => typeof item === type) ? items : items.map(String);
}

function toScalar(value: unknown, maxLength: number): Scalar {
  switch (typeof value) {
    case 'string':
      return cut(value, maxLength);
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'function':
      return UNREADABLE;
    case 'object':
      return cut(describe(value), maxLength);
    default:
      return cut(String(value), maxLength);
  }
}

function describe(value: object | null): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return JSON.stringify(value) ?? UNREADABLE;
}

function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? text.slice(0, maxLength) : text;
}
