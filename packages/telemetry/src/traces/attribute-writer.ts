import { toOwnText } from '../own-text.ts';
import { type PlainValue, toPlainValue } from './attribute-value.ts';
import { OTLP } from './otlp-tags.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { writeValue } from './write-attribute.ts';

const MAX_KEYS = 256;
/** Of one key: what has more is different in each span (an id, a duration), and is not remembered. */
const MAX_VALUES = 32;
/** Of a text that is remembered. */
const MAX_LENGTH = 64;
/** A pair of texts of that length, three bytes a character, and what is around them. */
const SCRATCH_BYTES = 512;

interface KnownKey {
  /** The field `key` of an attribute's message. */
  readonly field: Uint8Array;
  /** Whole messages by value, behind the tag; null once there were too many. */
  values: Map<unknown, Uint8Array> | null;
}

/**
 * Writes attributes. Spans of one service say the same of themselves again and again, so keys and the values that
 * repeat are encoded once and copied from then on: at most 256 keys, with 32 values each.
 */
export class AttributeWriter {
  readonly #writer: ProtobufWriter;
  readonly #maxLength: number;
  readonly #scratch = new ProtobufWriter(SCRATCH_BYTES);
  readonly #keys = new Map<string, KnownKey>();
  readonly #names = new Map<string, Uint8Array>();

  /** Texts are cut to `maxLength` characters. */
  constructor(writer: ProtobufWriter, maxLength: number) {
    this.#writer = writer;
    this.#maxLength = maxLength;
  }

  /** Writes an attribute as a field of the message that is open; false where its value says nothing. Never throws. */
  write(tag: number, key: string, value: unknown): boolean {
    const known = this.#keys.get(key) ?? this.#learnKey(key);
    const message = known?.values?.get(value);
    if (message !== undefined) {
      this.#writer.message(tag, message);
      return true;
    }
    const plain = toPlainValue(value, this.#maxLength);
    if (plain === null) return false;
    if (known === null) this.#writeWhole(tag, key, plain);
    else this.#writeKnown(tag, key, known, plain);
    return true;
  }

  /** Writes a name as a field: there are as few of them as of keys. */
  name(tag: number, name: string): void {
    const known = this.#names.get(name);
    if (known !== undefined) {
      this.#writer.message(tag, known);
      return;
    }
    if (this.#names.size < MAX_KEYS && name.length <= MAX_LENGTH) {
      this.#scratch.length = 0;
      this.#scratch.text(tag, name);
      this.#names.set(toOwnText(name), this.#scratch.copy().subarray(1));
    }
    this.#writer.text(tag, name);
  }

  #learnKey(key: string): KnownKey | null {
    if (this.#keys.size >= MAX_KEYS || key.length > MAX_LENGTH) return null;
    this.#scratch.length = 0;
    this.#scratch.text(OTLP.keyValue.key, key);
    const known: KnownKey = { field: this.#scratch.copy(), values: new Map() };
    this.#keys.set(toOwnText(key), known);
    return known;
  }

  #writeKnown(tag: number, key: string, known: KnownKey, plain: PlainValue): void {
    const { field, values } = known;
    if (values !== null && isShort(plain)) {
      if (values.size < MAX_VALUES) values.set(toOwn(plain), this.#encode(key, plain));
      else known.values = null;
    }
    const writer = this.#writer;
    const pair = writer.open(tag);
    writer.bytes(field);
    writeValue(writer, OTLP.keyValue.value, plain);
    writer.close(pair);
  }

  #writeWhole(tag: number, key: string, plain: PlainValue): void {
    const writer = this.#writer;
    const pair = writer.open(tag);
    writer.text(OTLP.keyValue.key, key);
    writeValue(writer, OTLP.keyValue.value, plain);
    writer.close(pair);
  }

  /** The message with its length, without a tag. */
  #encode(key: string, plain: PlainValue): Uint8Array {
    const scratch = this.#scratch;
    scratch.length = 0;
    const pair = scratch.open(OTLP.span.attributes);
    scratch.text(OTLP.keyValue.key, key);
    writeValue(scratch, OTLP.keyValue.value, plain);
    scratch.close(pair);
    return scratch.copy().subarray(1);
  }
}

/** Lists are objects, each of its own. */
function isShort(plain: PlainValue): boolean {
  return typeof plain === 'string' ? plain.length <= MAX_LENGTH : typeof plain !== 'object';
}

function toOwn(plain: PlainValue): PlainValue {
  return typeof plain === 'string' ? toOwnText(plain) : plain;
}
