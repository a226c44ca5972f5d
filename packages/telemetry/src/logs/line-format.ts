import type { SafeFields } from './log-fields.ts';
import { LEVEL_NAME, type LogLevel } from './log-level.ts';

/** Makes one line, without its line end. */
export type LineFormat = (level: LogLevel, iso: string, message: string, fields: SafeFields) => string;

/** What every line of a process carries. */
export interface BaseFields {
  readonly app: string;
  readonly env: string;
  readonly service: string;
}

/** What `SafeFields` can hold of it: control characters are spelled out already. */
const NEEDS_ESCAPES = /["\\\n\t]/;

/** A text of `SafeFields` as JSON. */
export function toJsonText(text: string): string {
  return NEEDS_ESCAPES.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/**
 * One JSON object a line, in pino's order: `level`, `time`, base fields, fields, `message`. Not by pino: fields come
 * as flat and safe text and numbers, and reading and escaping them once more was half of what a line cost.
 */
export function createJsonFormat(base: BaseFields): LineFormat {
  const fixed = JSON.stringify(base).slice(1, -1);
  return (level, iso, message, fields) => {
    let line = `{"level":"${LEVEL_NAME[level]}","time":"${iso}",${fixed}`;
    for (const name in fields) {
      const value = fields[name] ?? null;
      line += `,"${name}":${typeof value === 'string' ? toJsonText(value) : value}`;
    }
    return `${line},"message":${toJsonText(message)}}`;
  };
}

const NEEDS_QUOTES = /[^\x21-\x7e]|[="\\]/;

function toLogfmtValue(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  return value === '' || NEEDS_QUOTES.test(value) ? JSON.stringify(value) : value;
}

/** `key=value` pairs in the same order, values quoted as in JSON where they need it; for `| logfmt`. */
export function createLogfmtFormat(base: BaseFields): LineFormat {
  const fixed = Object.entries(base)
    .map(([name, value]) => `${name}=${toLogfmtValue(value)}`)
    .join(' ');
  return (level, iso, message, fields) => {
    let line = `level=${LEVEL_NAME[level]} time=${iso} ${fixed}`;
    for (const name in fields) line += ` ${name}=${toLogfmtValue(fields[name] ?? null)}`;
    return `${line} message=${toLogfmtValue(message)}`;
  };
}
