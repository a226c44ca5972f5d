import { readTokenUsage } from '@gatewayz/pricing';
import type { StreamChunk } from './event-reader.ts';
import { type Failure, failure } from './failure.ts';
import type { ChunkRelay, StreamOutlet } from './stream-answer.ts';
import type { Transcript } from './transcript.ts';

/**
 * How another target is made to go on with an answer: asked to continue the text that the client has (`prefill`),
 * or asked afresh and held back until it has said the same again, character for character (`replay`).
 */
export type ContinuationMode = 'prefill' | 'replay';

/** Passes on what another target adds to an answer, as if it were the first stream: one id, one role. */
export class ContinuedRelay implements ChunkRelay {
  /** The end of the stream is the gateway's to say, once and for the whole. */
  readonly isDone = false;
  readonly #outlet: StreamOutlet;
  readonly #transcript: Transcript;
  readonly #mode: ContinuationMode;
  readonly #wantsUsage: boolean;
  /** What must be said again before anything new may pass. */
  readonly #known: string;
  readonly #knownChunks: number;
  #repeated = 0;
  #passed = 0;
  #saidBytes = 0;

  constructor(outlet: StreamOutlet, transcript: Transcript, mode: ContinuationMode, wantsUsage: boolean) {
    this.#outlet = outlet;
    this.#transcript = transcript;
    this.#mode = mode;
    this.#wantsUsage = wantsUsage;
    this.#known = mode === 'replay' ? transcript.text : '';
    this.#knownChunks = transcript.textChunks;
  }

  chunk(chunk: StreamChunk): Failure | null {
    if (chunk.choices === 0) {
      if (this.#wantsUsage && chunk.value !== null && chunk.usage !== null)
        this.#write(chunk.value, chunk.value.choices);
      return null;
    }
    if (chunk.hasMore || chunk.indexes.some((index) => index !== 0)) return differs('says more than text');
    const text = this.#unheard(chunk.text);
    if (text === null) return differs('says something else');
    const isLast = chunk.finished.length > 0;
    if (isLast && this.#repeated < this.#known.length) return differs('ends sooner');
    if ((text === '' && !isLast) || chunk.value === null) return null;
    this.#transcript.add({ ...chunk, text });
    this.#passed += 1;
    this.#saidBytes += Buffer.byteLength(text);
    this.#write(chunk.value, [toChoice(chunk.value, text)]);
    return null;
  }

  empty(): void {}

  done(): Failure | null {
    return this.#repeated < this.#known.length ? differs('ends sooner') : null;
  }

  flush(now: number): void {
    if (this.#passed > 0) this.#outlet.chunksPassed(this.#passed, this.#saidBytes, now);
    this.#passed = 0;
    this.#saidBytes = 0;
  }

  /** The part of a text that the client does not have yet; null where the text is not what it has. */
  #unheard(text: string): string | null {
    const left = this.#known.length - this.#repeated;
    if (left === 0) return text;
    const again = text.slice(0, left);
    if (!this.#known.startsWith(again, this.#repeated)) return null;
    this.#repeated += again.length;
    return text.slice(again.length);
  }

  #write(value: Readonly<Record<string, unknown>>, choices: unknown): void {
    const { id, created } = this.#transcript;
    const chunk = {
      ...value,
      ...(id === null ? {} : { id }),
      ...(created === null ? {} : { created }),
      choices,
      ...this.#toUsage(value.usage),
    };
    this.#outlet.write(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`));
  }

  /**
   * Usage of the whole answer. A target that continued a prefilled text counts that text among its input; for the
   * client it is output, by as many tokens as it came in chunks. The total stays what it was.
   */
  #toUsage(usage: unknown): { readonly usage?: unknown } {
    const tokens = readTokenUsage(usage);
    if (tokens === null || this.#mode === 'replay') return {};
    const moved = Math.min(this.#knownChunks, tokens.inputTokens);
    return {
      usage: {
        ...(usage as object),
        prompt_tokens: tokens.inputTokens - moved,
        completion_tokens: tokens.outputTokens + moved,
      },
    };
  }
}

/** A choice with nothing but this text in its delta: no second role. */
function toChoice(value: Readonly<Record<string, unknown>>, text: string): object {
  const choice = (value.choices as readonly Readonly<Record<string, unknown>>[])[0] ?? {};
  if (!('delta' in choice)) return { ...choice, text };
  return { ...choice, delta: text === '' ? {} : { content: text } };
}

/** Nobody's fault: the target answers as it may, only not as the first one did. */
function differs(what: string): Failure {
  return failure('gateway', `the answer could not be continued: the other target ${what}`);
}
