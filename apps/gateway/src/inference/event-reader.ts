import { countSaidBytes } from './said-texts.ts';

/** What one event of a completion stream says. */
export type StreamEvent =
  | { readonly kind: 'chunk'; readonly chunk: StreamChunk }
  | { readonly kind: 'done' }
  /** The provider gave up in mid-stream; `error` is what it said. */
  | { readonly kind: 'error'; readonly error: unknown }
  /** No data: comments, ids, retry times. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'malformed' };

/** The parts of a chunk that the gateway acts on. */
export interface StreamChunk {
  /** What the chunk adds to the answer of the first choice. */
  readonly text: string;
  /** The same as UTF-8 in [textStart, textEnd) of these bytes, where it stands there as it is; else null. */
  readonly textBytes: Buffer | null;
  readonly textStart: number;
  readonly textEnd: number;
  /** How many choices the chunk speaks of. */
  readonly choices: number;
  /** What all of them say, in bytes of UTF-8. */
  readonly saidBytes: number;
  /** Choices that end with this chunk, and why each of them does. */
  readonly finished: readonly number[];
  readonly finishReasons: readonly string[];
  /** Choices that the chunk speaks of, by index. */
  readonly indexes: readonly number[];
  /** More than text: tool calls, a refusal, reasoning, audio. */
  readonly hasMore: boolean;
  readonly usage: unknown;
  readonly id: unknown;
  readonly created: unknown;
  /** Like the chunk before it but for its text: of the other fields only `text` is told. */
  readonly isRepeated: boolean;
  /** The chunk as it was parsed; null where it is repeated. */
  readonly value: Readonly<Record<string, unknown>> | null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const TEXT_KEYS = [Buffer.from('"content":"'), Buffer.from('"text":"')];
const SAMPLE = Buffer.from('sample');
const NOTHING = Buffer.alloc(0);
const NONE: readonly number[] = [];
const NO_REASONS: readonly string[] = [];
const FIRST: readonly number[] = [0];
const EMPTY: StreamEvent = { kind: 'empty' };
const MALFORMED: StreamEvent = { kind: 'malformed' };
const DONE: StreamEvent = { kind: 'done' };

/** A chunk like the one before it; its text is made only where somebody asks for it. */
class RepeatedChunk implements StreamChunk {
  readonly choices = 1;
  readonly finished: readonly number[] = NONE;
  readonly finishReasons: readonly string[] = NO_REASONS;
  readonly indexes: readonly number[] = FIRST;
  readonly hasMore = false;
  readonly usage = null;
  readonly id = null;
  readonly created = null;
  readonly isRepeated = true;
  readonly value = null;
  textBytes: Buffer = NOTHING;
  textStart = 0;
  textEnd = 0;

  get saidBytes(): number {
    return this.textEnd - this.textStart;
  }

  get text(): string {
    return this.textBytes.toString('utf8', this.textStart, this.textEnd);
  }
}

/**
 * Reads the events of one stream. Every event is checked in full: the first of its shape by parsing it, the ones
 * that repeat that shape around another text by comparing bytes, which is several times cheaper.
 */
export class EventReader {
  /** The bytes before and behind the text in the last event that only added text. */
  #prefix: Buffer | null = null;
  #suffix: Buffer | null = null;
  /** One object for all repeated chunks: valid until the next call. */
  readonly #repeated = new RepeatedChunk();
  readonly #repeatedEvent: StreamEvent = { kind: 'chunk', chunk: this.#repeated };

  /** Reads [start, end) of `bytes`, one whole event; the answer is valid until the next call. */
  read(bytes: Buffer, start: number, end: number): StreamEvent {
    if (this.#repeats(bytes, start, end)) return this.#repeatedEvent;
    const event = parseEvent(bytes, start, end);
    if (event.kind === 'chunk') this.#learn(event.chunk, bytes, start, end);
    return event;
  }

  #repeats(bytes: Buffer, start: number, end: number): boolean {
    const prefix = this.#prefix;
    const suffix = this.#suffix;
    if (prefix === null || suffix === null) return false;
    const textStart = start + prefix.length;
    const textEnd = end - suffix.length;
    if (textEnd < textStart) return false;
    if (bytes.compare(suffix, 0, suffix.length, textEnd, end) !== 0) return false;
    if (bytes.compare(prefix, 0, prefix.length, start, textStart) !== 0) return false;
    for (let at = textStart; at < textEnd; at += 1) {
      const byte = bytes[at] as number;
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return false;
    }
    this.#repeated.textBytes = bytes;
    this.#repeated.textStart = textStart;
    this.#repeated.textEnd = textEnd;
    return true;
  }

  /** Keeps the frame of a chunk that does nothing but add text to the first choice. */
  #learn(chunk: StreamChunk, bytes: Buffer, start: number, end: number): void {
    const isPlain = chunk.choices === 1 && chunk.indexes[0] === 0 && chunk.finished.length === 0;
    if (!isPlain || chunk.hasMore || chunk.text === '' || hasObject(chunk.usage)) return;
    for (const key of TEXT_KEYS) {
      const at = bytes.subarray(start, end).indexOf(key);
      if (at < 0) continue;
      const textStart = start + at + key.length;
      const prefix = bytes.subarray(start, textStart);
      const suffix = bytes.subarray(skipText(bytes, textStart, end), end);
      if (!holdsText(prefix, suffix)) continue;
      this.#prefix = Buffer.from(prefix);
      this.#suffix = Buffer.from(suffix);
      return;
    }
  }
}

/** Whether a text between these two would be the chunk's own: another field may have the same name. */
function holdsText(prefix: Buffer, suffix: Buffer): boolean {
  const sample = Buffer.concat([prefix, SAMPLE, suffix]);
  const event = parseEvent(sample, 0, sample.length);
  return event.kind === 'chunk' && event.chunk.text === SAMPLE.toString() && !event.chunk.hasMore;
}

/** Reads one whole event by parsing it. */
export function parseEvent(bytes: Buffer, start: number, end: number): StreamEvent {
  const data = readData(bytes.toString('utf8', start, end));
  if (data === null) return EMPTY;
  return data === '[DONE]' ? DONE : parseChunk(data);
}

function skipText(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** The data of an event: its `data` lines joined, or null where it has none. */
function readData(event: string): string | null {
  if (event.startsWith('data: ')) {
    const lineEnd = event.search(/[\r\n]/);
    if (lineEnd >= 0 && event.slice(lineEnd).trim() === '') return event.slice(6, lineEnd);
  }
  const lines = event.replace(/^\u{feff}/u, '').split(/\r\n|\r|\n/);
  const data = lines.filter((line) => line === 'data' || line.startsWith('data:'));
  if (data.length === 0) return null;
  return data.map((line) => line.slice(5).replace(/^ /, '')).join('\n');
}

function parseChunk(data: string): StreamEvent {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return data.trim() === '[DONE]' ? DONE : MALFORMED;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return MALFORMED;
  const chunk = value as Record<string, unknown>;
  const { choices, usage = null, error = null } = chunk;
  if (error !== null) return { kind: 'error', error };
  // No chunk at all, say a ping: nothing of an answer.
  if (choices === undefined && usage === null) return EMPTY;
  if (choices === undefined) return { kind: 'chunk', chunk: readChoices([], chunk) };
  if (!Array.isArray(choices)) return MALFORMED;
  return { kind: 'chunk', chunk: readChoices(choices, chunk) };
}

function readChoices(choices: readonly unknown[], value: Readonly<Record<string, unknown>>): StreamChunk {
  const { usage = null, id = null, created = null } = value;
  const indexes: number[] = [];
  const finished: number[] = [];
  const finishReasons: string[] = [];
  let text = '';
  let saidBytes = 0;
  let hasMore = false;
  for (const choice of choices) {
    if (!hasObject(choice)) continue;
    const { index = 0, delta = null, finish_reason: finishReason = null, text: plainText } = choice;
    const at = typeof index === 'number' ? index : 0;
    indexes.push(at);
    if (finishReason !== null && finishReason !== '') {
      finished.push(at);
      finishReasons.push(String(finishReason));
    }
    const content = hasObject(delta) ? delta.content : plainText;
    if (at === 0 && typeof content === 'string') text += content;
    saidBytes += countSaidBytes(choice);
    if (hasObject(delta) && Object.entries(delta).some(isMoreThanText)) hasMore = true;
  }
  return {
    text,
    textBytes: null,
    textStart: 0,
    textEnd: 0,
    choices: choices.length,
    saidBytes,
    finished,
    finishReasons,
    indexes,
    hasMore,
    usage,
    id,
    created,
    isRepeated: false,
    value,
  };
}

function isMoreThanText([key, value]: readonly [string, unknown]): boolean {
  if (key === 'role' || key === 'content') return false;
  return value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}

function hasObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object';
}
