import { dateText, describeError, describeValue, isError, UNREADABLE } from './describe-value.ts';
import { createNameReader, type FieldName } from './field-name.ts';
import { rememberTexts } from './known-texts.ts';
import type { SafeFields } from './log-fields.ts';
import { REDACTED } from './mask-secrets.ts';
import { toSafeText } from './safe-text.ts';

const MAX_FIELDS = 64;
/** A text of so many characters is short, and at most so many when it has been read. */
const SHORT = 64;
const MAX_SHORT = 1_024;
const MAX_MESSAGE = 8_192;
const MAX_VALUE = 8_192;
/**
 * Characters of all fields of a line. A character takes three bytes at most once the line is encoded, so that no
 * line reaches the 256 KB that Loki takes.
 */
const MAX_LINE = 72_000;

type ReadText = (text: string, maxLength: number) => string;

/** Turns what a caller hands over into what may be printed. Never throws, whatever it is given. */
export interface FieldReader {
  message(message: unknown): string;
  fields(fields: unknown): SafeFields;
}

export interface FieldRules {
  readonly mask: (text: string) => string;
  /** Bodies are shown; keys never are. */
  readonly showsBodies: boolean;
  /** No secret looks like an id in hexadecimal, so that those need no reading. */
  readonly passesIds: boolean;
}

class LineFields {
  readonly safe: Record<string, string | number | boolean | null> = {};
  #room = MAX_LINE;
  #count = 0;

  add(name: string, value: string | number | boolean | null, readText: ReadText): void {
    if (this.#count >= MAX_FIELDS) return;
    this.#count += 1;
    let kept = value;
    if (typeof value === 'string') {
      kept = this.#room <= 64 ? '…[cut]' : readText(value, Math.min(MAX_VALUE, this.#room));
      this.#room -= kept.length;
    }
    this.#room -= name.length;
    this.safe[name] = kept;
  }

  omitted(count: number): void {
    this.safe.fields_omitted = count;
  }
}

class SafeFieldReader implements FieldReader {
  readonly #readText: ReadText;
  readonly #readName: (raw: string) => FieldName;
  readonly #showsBodies: boolean;

  constructor({ mask, showsBodies, passesIds }: FieldRules) {
    const readShort = rememberTexts((text) => toSafeText(text, MAX_VALUE, mask), passesIds);
    this.#readText = (text, maxLength) =>
      text.length <= SHORT && maxLength >= MAX_SHORT ? readShort(text) : toSafeText(text, maxLength, mask);
    this.#readName = createNameReader(mask);
    this.#showsBodies = showsBodies;
  }

  message(message: unknown): string {
    const text = typeof message === 'string' ? message : describeValue(message, this.#isSecret);
    return this.#readText(text, MAX_MESSAGE);
  }

  fields(fields: unknown): SafeFields {
    const line = new LineFields();
    if (typeof fields !== 'object' || fields === null) return line.safe;
    try {
      const names = Object.keys(fields);
      const read = Math.min(names.length, MAX_FIELDS);
      for (let at = 0; at < read; at += 1) this.#field(line, fields, names[at] as string);
      if (names.length > read) line.omitted(names.length - read);
    } catch {
      line.add('fields', UNREADABLE, this.#readText);
    }
    return line.safe;
  }

  #field(line: LineFields, fields: object, raw: string): void {
    const name = this.#readName(raw);
    try {
      const value = (fields as Readonly<Record<string, unknown>>)[raw];
      if (value !== undefined) this.#value(line, name, value);
    } catch {
      line.add(name.name, UNREADABLE, this.#readText);
    }
  }

  #value(line: LineFields, { name, kind, isCount }: FieldName, value: unknown): void {
    const type = typeof value;
    const isNumber = type === 'number' || type === 'bigint';
    if (kind !== 'plain' && this.#isHidden(kind) && !(isCount && isNumber)) {
      line.add(name, REDACTED, this.#readText);
    } else if (type === 'object' && isError(value)) this.#error(line, name, value);
    else line.add(name, this.#scalar(value), this.#readText);
  }

  #scalar(value: unknown): string | number | boolean | null {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'bigint':
        return value.toString().slice(0, MAX_VALUE);
      default:
        if (value === null) return null;
        return value instanceof Date ? dateText(value) : describeValue(value, this.#isSecret);
    }
  }

  #error(line: LineFields, name: string, error: Error): void {
    const { type, message, stack, code } = describeError(error);
    line.add(`${name}_type`, type, this.#readText);
    line.add(`${name}_message`, message, this.#readText);
    if (code !== undefined) line.add(`${name}_code`, code, this.#readText);
    line.add(`${name}_stack`, stack, this.#readText);
  }

  #isHidden(kind: FieldName['kind']): boolean {
    return kind === 'key' || (kind === 'body' && !this.#showsBodies);
  }

  readonly #isSecret = (raw: string): boolean => this.#isHidden(this.#readName(raw).kind);
}

/** Makes the reader of a logger's fields. */
export function createFieldReader(rules: FieldRules): FieldReader {
  return new SafeFieldReader(rules);
}
