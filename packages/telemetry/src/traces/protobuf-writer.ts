const TWO_POW_32 = 2 ** 32;
const MAX_ONE_BYTE = 0x7f;
const MAX_TAG_BYTES = 5;
const MAX_VARINT_BYTES = 10;
/** Of a character of a text. */
const MAX_UTF8_BYTES = 3;
const NO_DIGIT = 0xff;

/** By character code. */
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit++) DIGITS['0123456789abcdef'.charCodeAt(digit)] = digit;

/**
 * Writes fields of protobuf (protobuf.dev, "Encoding") into bytes that grow. A `tag` is eight times a
 * field's number, and its wire type. Nothing is left out: also empty texts and zeros are written.
 */
export class ProtobufWriter {
  /** Set it to take back what was written from there on. */
  length = 0;
  #bytes: Buffer<ArrayBuffer>;
  #view: DataView;

  constructor(firstBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(firstBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written from `start` on, in a buffer of its own. */
  copy(start = 0): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(start, this.length));
  }

  /** What was written from `start` on, as much of it as there is room for. */
  copyInto(into: Uint8Array, start: number): void {
    for (let at = 0; at < into.length; at++) into[at] = this.#bytes[start + at] ?? 0;
  }

  /** A message begins; what is written until `close` is in it. Returns what `close` needs. */
  open(tag: number): number {
    this.#reserve(1 + MAX_TAG_BYTES);
    this.#varint(tag);
    return ++this.length;
  }

  /** Ends the message, and moves it where its length takes more than the one byte that was left for it. */
  close(start: number): void {
    const length = this.length - start;
    if (length <= MAX_ONE_BYTE) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = sizeOfVarint(length) - 1;
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.length);
    this.length = start - 1;
    this.#varint(length);
    this.length += length;
  }

  /** What was written elsewhere: fields, whole. */
  bytes(written: Uint8Array): void {
    const count = written.length;
    this.#reserve(count);
    this.#bytes.set(written, this.length);
    this.length += count;
  }

  /** A field whose length and content were written elsewhere. */
  message(tag: number, written: Uint8Array): void {
    this.#reserve(MAX_TAG_BYTES);
    this.#varint(tag);
    this.bytes(written);
  }

  /** A whole number from 0 to 2^53 − 1, or a truth value as 0 or 1. */
  number(tag: number, value: number): void {
    this.#reserve(MAX_TAG_BYTES + MAX_VARINT_BYTES);
    this.#varint(tag);
    this.#varint(value);
  }

  /** An int64 that a number holds exactly. */
  integer(tag: number, value: number): void {
    if (value >= 0) {
      this.number(tag, value);
      return;
    }
    this.#reserve(MAX_TAG_BYTES + MAX_VARINT_BYTES);
    this.#varint(tag);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > MAX_ONE_BYTE; rest >>= 7n) this.#bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.length++] = Number(rest);
  }

  double(tag: number, value: number): void {
    this.#reserve(MAX_TAG_BYTES + 8);
    this.#varint(tag);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  fixed32(tag: number, value: number): void {
    this.#reserve(MAX_TAG_BYTES + 4);
    this.#varint(tag);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** The 64 bits of `high` × 2^32 + `low`; `low` may be any whole number that a number holds exactly. */
  fixed64(tag: number, high: number, low: number): void {
    this.#reserve(MAX_TAG_BYTES + 8);
    this.#varint(tag);
    const carry = Math.floor(low / TWO_POW_32);
    this.#view.setUint32(this.length, low - carry * TWO_POW_32, true);
    this.#view.setUint32(this.length + 4, high + carry, true);
    this.length += 8;
  }

  /** As UTF-8; halves of surrogate pairs become U+FFFD. */
  text(tag: number, value: string): void {
    const mostBytes = value.length * MAX_UTF8_BYTES;
    this.#reserve(MAX_TAG_BYTES + MAX_VARINT_BYTES + mostBytes);
    this.#varint(tag);
    if (mostBytes > MAX_ONE_BYTE) {
      this.#varint(Buffer.byteLength(value));
      this.length += this.#bytes.write(value, this.length);
    } else {
      const length = this.#bytes.write(value, this.length + 1);
      this.#bytes[this.length] = length;
      this.length += 1 + length;
    }
  }

  /** The bytes that lower-case hexadecimal digits say; false, and nothing written, where they are none or all zero. */
  hexadecimal(tag: number, digits: string): boolean {
    const start = this.length;
    const count = digits.length >> 1;
    this.#reserve(MAX_TAG_BYTES + MAX_VARINT_BYTES + count);
    this.#varint(tag);
    this.#varint(count);
    const bytes = this.#bytes;
    let at = this.length;
    let all = 0;
    for (let index = 0; index < count; index++) {
      const high = DIGITS[digits.charCodeAt(2 * index)] ?? NO_DIGIT;
      const low = DIGITS[digits.charCodeAt(2 * index + 1)] ?? NO_DIGIT;
      all |= high | low;
      bytes[at++] = (high << 4) | low;
    }
    const isId = all > 0 && all <= 0xf;
    this.length = isId ? at : start;
    return isId;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > MAX_ONE_BYTE; rest = Math.floor(rest / 128))
      this.#bytes[this.length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.length++] = rest;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest > MAX_ONE_BYTE; rest = Math.floor(rest / 128)) size += 1;
  return size;
}
