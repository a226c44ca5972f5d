/** One request as it arrived, with its body dechunked. */
export interface HttpRequest {
  readonly method: string;
  /** The request target as sent, with its query. */
  readonly target: string;
  /** The target without its query. */
  readonly path: string;
  readonly version: '1.0' | '1.1';
  /** Lower-case names; repeated headers joined with a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly keepAlive: boolean;
}

/** The bytes are not a request that a strict server accepts (RFC 9112); the connection is beyond repair. */
export class MalformedRequestError extends Error {
  override readonly name = 'MalformedRequestError';
}

type Head = Omit<HttpRequest, 'body'>;
type Framing = { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' };

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP\/1\.([01])$/;
const HEADER_LINE =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)[ \t]*$/;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const MAX_HEAD_BYTES = 1 << 20;
const MAX_CHUNK_LINE_BYTES = 4096;
const NO_BODY = Buffer.alloc(0);

function malformed(what: string): never {
  throw new MalformedRequestError(what);
}

function readHeaders(lines: readonly string[]): Pick<HttpRequest, 'headers' | 'rawHeaders'> {
  const headers: Record<string, string> = Object.create(null);
  const rawHeaders: [string, string][] = [];
  for (const line of lines) {
    const match = HEADER_LINE.exec(line);
    if (match === null) malformed(`Malformed header line ${JSON.stringify(line.slice(0, 80))}`);
    const [, name = '', value = ''] = match;
    const key = name.toLowerCase();
    rawHeaders.push([name, value]);
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return { headers, rawHeaders };
}

function readHead(text: string): Head {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const match = REQUEST_LINE.exec(requestLine);
  if (match === null) malformed(`Malformed request line ${JSON.stringify(requestLine.slice(0, 80))}`);
  const [, method = '', target = '', minor] = match;
  const { headers, rawHeaders } = readHeaders(lines);
  const version = minor === '0' ? '1.0' : '1.1';
  const hosts = rawHeaders.filter(([name]) => name.toLowerCase() === 'host').length;
  if (hosts > 1 || (hosts === 0 && version === '1.1'))
    malformed(`Expected one Host header, received ${hosts}`);
  const connection = headers.connection?.toLowerCase() ?? '';
  const keepAlive = version === '1.1' ? connection !== 'close' : connection === 'keep-alive';
  return { method, target, path: target.split('?', 1)[0] ?? '', version, headers, rawHeaders, keepAlive };
}

function readFraming(head: Head): Framing {
  const encoding = head.headers['transfer-encoding'];
  const length = head.headers['content-length'];
  if (encoding !== undefined) {
    if (length !== undefined) malformed('Both Transfer-Encoding and Content-Length');
    if (head.version === '1.0' || encoding.toLowerCase() !== 'chunked')
      malformed('Unknown Transfer-Encoding');
    return { kind: 'chunked' };
  }
  if (length === undefined) return { kind: 'length', bytes: 0 };
  if (!/^\d{1,15}$/.test(length)) malformed(`Malformed Content-Length ${JSON.stringify(length)}`);
  return { kind: 'length', bytes: Number(length) };
}

/** Parses HTTP/1.x requests strictly and incrementally; pipelined requests come out one by one. */
export class HttpRequestParser {
  #parts: Buffer[] = [];
  #size = 0;
  /** Below this many buffered bytes there is nothing new to find. */
  #needed = 1;
  #head: { readonly head: Head; readonly framing: Framing } | null = null;
  #chunks: Buffer[] = [];

  push(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  /** The next whole request, or null until more bytes come. Throws `MalformedRequestError`. */
  next(): HttpRequest | null {
    while (this.#size >= this.#needed) {
      const step = this.#head === null ? this.#takeHead() : this.#takeBody(this.#head);
      if (step === 'more') return null;
      if (step !== 'again') return step;
    }
    return null;
  }

  #buffered(): Buffer {
    const all = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [all ?? NO_BODY];
    return all ?? NO_BODY;
  }

  #consume(bytes: Buffer, count: number): void {
    const rest = bytes.subarray(count);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }

  #takeHead(): 'more' | 'again' {
    const bytes = this.#buffered();
    const end = bytes.indexOf('\r\n\r\n');
    if ((end < 0 ? bytes.length : end) > MAX_HEAD_BYTES) malformed('The head is too large');
    if (end < 0) {
      this.#needed = this.#size + 1;
      return 'more';
    }
    const head = readHead(bytes.toString('latin1', 0, end));
    const framing = readFraming(head);
    this.#head = { head, framing };
    this.#consume(bytes, end + 4);
    this.#needed = framing.kind === 'length' ? framing.bytes : 1;
    return 'again';
  }

  #takeBody({ head, framing }: { head: Head; framing: Framing }): HttpRequest | 'more' | 'again' {
    if (framing.kind === 'chunked') return this.#takeChunk(head);
    const bytes = this.#buffered();
    this.#consume(bytes, framing.bytes);
    return this.#finish(head, bytes.subarray(0, framing.bytes));
  }

  #takeChunk(head: Head): HttpRequest | 'more' | 'again' {
    const bytes = this.#buffered();
    const lineEnd = bytes.indexOf('\r\n');
    if ((lineEnd < 0 ? bytes.length : lineEnd) > MAX_CHUNK_LINE_BYTES)
      malformed('The chunk line is too long');
    if (lineEnd < 0) return this.#waitFor(this.#size + 1);
    const match = CHUNK_LINE.exec(bytes.toString('latin1', 0, lineEnd));
    if (match === null) malformed('Malformed chunk size');
    const size = Number.parseInt(match[1] ?? '', 16);
    if (size === 0) return this.#takeTrailers(head, bytes, lineEnd);
    const dataEnd = lineEnd + 2 + size;
    if (bytes.length < dataEnd + 2) return this.#waitFor(dataEnd + 2);
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== '\r\n') malformed('A chunk does not end in CRLF');
    this.#chunks.push(bytes.subarray(lineEnd + 2, dataEnd));
    this.#consume(bytes, dataEnd + 2);
    this.#needed = 1;
    return 'again';
  }

  #takeTrailers(head: Head, bytes: Buffer, lineEnd: number): HttpRequest | 'more' {
    const end = bytes.indexOf('\r\n\r\n', lineEnd);
    if (end < 0) return this.#waitFor(this.#size + 1);
    if (end > lineEnd) readHeaders(bytes.toString('latin1', lineEnd + 2, end).split('\r\n'));
    this.#consume(bytes, end + 4);
    return this.#finish(head, Buffer.concat(this.#chunks));
  }

  #waitFor(size: number): 'more' {
    this.#needed = size;
    return 'more';
  }

  #finish(head: Head, body: Buffer): HttpRequest {
    this.#head = null;
    this.#chunks = [];
    this.#needed = 1;
    return { ...head, body };
  }
}
