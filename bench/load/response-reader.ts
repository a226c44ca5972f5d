/** How far a response is: more bytes are needed, it is whole, or it is not HTTP as this reader knows it. */
export type ReadState = 'more' | 'done' | 'broken';

const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

type Part = 'head' | 'length' | 'chunk-size' | 'chunk-extension' | 'chunk-data' | 'chunk-end' | 'last-end';

/**
 * Reads one HTTP/1.1 response at a time from a kept connection and keeps only what a check needs: status, number
 * of body bytes (without framing) and the last bytes of the body. Understands `content-length` and `chunked`
 * without trailers.
 */
export class ResponseReader {
  status = 0;
  bodyBytes = 0;
  readonly tail: Buffer;

  #part: Part = 'head';
  #left = 0;
  #head: Buffer | null = null;

  /** @param tailBytes how many of the body's last bytes are kept */
  constructor(tailBytes: number) {
    this.tail = Buffer.alloc(tailBytes);
  }

  reset(): void {
    this.status = 0;
    this.bodyBytes = 0;
    this.#part = 'head';
    this.#left = 0;
    this.tail.fill(0);
  }

  /** Takes the first `length` bytes of `buffer`, which the caller may use again afterwards. */
  push(buffer: Buffer, length: number): ReadState {
    if (this.#part !== 'head') {
      return this.#body(buffer, 0, length);
    }
    const input =
      this.#head === null
        ? buffer.subarray(0, length)
        : Buffer.concat([this.#head, buffer.subarray(0, length)]);
    const headEnd = input.indexOf(HEAD_END);
    if (headEnd < 0) {
      this.#head = Buffer.from(input);
      return 'more';
    }
    this.#head = null;
    return this.#start(input.toString('latin1', 0, headEnd))
      ? this.#body(input, headEnd + HEAD_END.length, input.length)
      : 'broken';
  }

  #start(head: string): boolean {
    this.status = Number(head.slice(9, 12));
    const length = CONTENT_LENGTH.exec(head);
    if (length) {
      this.#part = 'length';
      this.#left = Number(length[1]);
      return true;
    }
    this.#part = 'chunk-size';
    return CHUNKED.test(head);
  }

  #body(buffer: Buffer, start: number, end: number): ReadState {
    return this.#part === 'length'
      ? this.#lengthBody(buffer, start, end)
      : this.#chunkedBody(buffer, start, end);
  }

  #lengthBody(buffer: Buffer, start: number, end: number): ReadState {
    const size = end - start;
    if (size > this.#left) {
      return 'broken';
    }
    this.#left -= size;
    this.#take(buffer, start, end);
    return this.#left === 0 ? 'done' : 'more';
  }

  #chunkedBody(buffer: Buffer, start: number, end: number): ReadState {
    let at = start;
    while (at < end) {
      if (this.#part === 'chunk-data') {
        const until = Math.min(end, at + this.#left);
        this.#take(buffer, at, until);
        this.#left -= until - at;
        at = until;
        this.#part = this.#left === 0 ? 'chunk-end' : 'chunk-data';
        continue;
      }
      const state = this.#framing(buffer[at] ?? 0);
      at += 1;
      if (state !== 'more') {
        return at === end ? state : 'broken';
      }
    }
    return 'more';
  }

  #framing(byte: number): ReadState {
    if (byte === CR) {
      return 'more';
    }
    if (byte === LF) {
      return this.#lineEnd();
    }
    if (byte === SEMICOLON && this.#part === 'chunk-size') {
      this.#part = 'chunk-extension';
    }
    if (this.#part === 'chunk-extension') {
      return 'more';
    }
    const digit = hexDigit(byte);
    if (digit < 0 || this.#part !== 'chunk-size') {
      return 'broken';
    }
    this.#left = this.#left * 16 + digit;
    return 'more';
  }

  #lineEnd(): ReadState {
    if (this.#part === 'last-end') {
      return 'done';
    }
    if (this.#part === 'chunk-end') {
      this.#part = 'chunk-size';
    } else {
      this.#part = this.#left === 0 ? 'last-end' : 'chunk-data';
    }
    return 'more';
  }

  #take(buffer: Buffer, start: number, end: number): void {
    const size = end - start;
    const kept = this.tail.length;
    this.bodyBytes += size;
    if (size < kept) {
      this.tail.copyWithin(0, size);
      buffer.copy(this.tail, kept - size, start, end);
    } else {
      buffer.copy(this.tail, 0, end - kept, end);
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) {
    return byte - 48;
  }
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
