/** One dispatched event of a stream of server-sent events. */
export interface SseEvent {
  /** The `data` lines joined with a line feed; null where the block had none (`event:` only). */
  readonly data: string | null;
  readonly event: string | null;
  readonly id: string | null;
  readonly comments: readonly string[];
  /** The block's lines as received, joined with a line feed. */
  readonly raw: string;
  /** Monotonic moment (`performance.now()`) at which the bytes that completed it were read. */
  readonly atMs: number;
}

/** `unterminated`: the bytes ended cleanly in the middle of a block. `failed`: reading threw. */
export type SseEnd = 'reading' | 'clean' | 'unterminated' | 'failed';

type ByteSource = AsyncIterable<Uint8Array> | Response | ReadableStream<Uint8Array>;

/** A stream being read; iterate it, or await `all()`, then look at how it ended. */
export interface SseReading extends AsyncIterable<SseEvent> {
  readonly ended: SseEnd;
  readonly error: unknown;
  /** What was left of a block that no blank line closed. */
  readonly leftover: string;
  readonly bytesRead: number;
  /** Reads to the end and gives every event; a failing source does not reject, see `ended`. */
  all(): Promise<readonly SseEvent[]>;
}

function toBytes(source: ByteSource): AsyncIterable<Uint8Array> {
  if (source instanceof Response) {
    if (source.body === null) throw new TypeError('The response has no body to read events from');
    return source.body;
  }
  return source;
}

function addField(line: string, block: { data: string[]; event: string | null; id: string | null }): void {
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const rest = colon < 0 ? '' : line.slice(colon + 1);
  const value = rest.startsWith(' ') ? rest.slice(1) : rest;
  if (name === 'data') block.data.push(value);
  if (name === 'event') block.event = value;
  if (name === 'id') block.id = value;
}

function toEvent(lines: readonly string[]): SseEvent {
  const block = { data: [] as string[], event: null as string | null, id: null as string | null };
  const comments: string[] = [];
  for (const line of lines) {
    if (line.startsWith(':')) comments.push(line.slice(1).trim());
    else addField(line, block);
  }
  return {
    data: block.data.length === 0 ? null : block.data.join('\n'),
    event: block.event,
    id: block.id,
    comments,
    raw: lines.join('\n'),
    atMs: performance.now(),
  };
}

class EventReading implements SseReading {
  ended: SseEnd = 'reading';
  error: unknown = null;
  bytesRead = 0;
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #decoder = new TextDecoder('utf-8');
  #line: string[] = [];
  #lines: string[] = [];
  #afterCarriageReturn = false;

  constructor(source: ByteSource) {
    this.#source = toBytes(source);
  }

  get leftover(): string {
    return [...this.#lines, this.#line.join('')].join('\n');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SseEvent, void, void> {
    try {
      for await (const bytes of this.#source) {
        this.bytesRead += bytes.length;
        yield* this.#take(this.#decoder.decode(bytes, { stream: true }));
      }
      yield* this.#take(this.#decoder.decode());
      this.ended = this.leftover === '' ? 'clean' : 'unterminated';
    } catch (error) {
      this.ended = 'failed';
      this.error = error;
    }
  }

  async all(): Promise<readonly SseEvent[]> {
    const events: SseEvent[] = [];
    for await (const event of this) events.push(event);
    return events;
  }

  *#take(text: string): Generator<SseEvent, void, void> {
    for (const part of text.split(/(\r\n|\n|\r)/)) {
      if (part === '') continue;
      const lineFeedOfAnEarlierReturn = this.#afterCarriageReturn && part === '\n';
      this.#afterCarriageReturn = part === '\r';
      if (lineFeedOfAnEarlierReturn) continue;
      if (part !== '\n' && part !== '\r' && part !== '\r\n') {
        this.#line.push(part);
        continue;
      }
      const event = this.#endLine();
      if (event !== null) yield event;
    }
  }

  #endLine(): SseEvent | null {
    const line = this.#line.join('');
    this.#line = [];
    if (line !== '') {
      this.#lines.push(line);
      return null;
    }
    if (this.#lines.length === 0) return null;
    const event = toEvent(this.#lines);
    this.#lines = [];
    return event;
  }
}

/** Reads server-sent events (WHATWG rules for line ends, BOM, comments and fields) from a response or bytes. */
export function readSse(source: ByteSource): SseReading {
  return new EventReading(source);
}
