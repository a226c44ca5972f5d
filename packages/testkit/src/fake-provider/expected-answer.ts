/** Token figures under OpenAI's names. */
export interface TokenUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

type Json = Readonly<Record<string, unknown>>;

const DEFAULT_WORDS = 24;
const WORDS =
  'amber birch café delta ember fjord garden harbour île jasmine kestrel lantern meadow naïve orchard pebble quartz river señor timber über velvet willow xylem yarrow zephyr 東京 мир 🌊 👩‍🚀 αβγ “so”'.split(
    ' ',
  );

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('');
}

function messagesOf(body: Json): readonly Json[] {
  return Array.isArray(body.messages) ? body.messages.filter(isObject) : [];
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/** Marsaglia's xorshift, 32 bits; the state is never zero. */
function nextRandom(state: number): number {
  let value = state;
  value ^= value << 13;
  value ^= value >>> 17;
  value ^= value << 5;
  return value >>> 0;
}

function makeText(seed: string, words: number): string {
  let state = hash(seed) || 1;
  const parts: string[] = [];
  for (let index = 0; index < words; index += 1) {
    state = nextRandom(state);
    parts.push(WORDS[state % WORDS.length] ?? '');
  }
  return parts.join(' ');
}

/** What the answer is derived from: the last user message, the prompt, or the input. */
function seedOf(body: Json): string {
  const user = messagesOf(body).findLast((message) => message.role === 'user');
  if (user !== undefined) return textOf(user.content);
  const input = body.prompt ?? body.input ?? '';
  return Array.isArray(input) ? input.join('\n') : String(input);
}

function tokenLimit(body: Json): number {
  const limit = body.max_completion_tokens ?? body.max_tokens;
  return typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY;
}

/** Splits a text into its tokens: words with the white space before them; joined they are the text. */
export function splitIntoPieces(text: string): readonly string[] {
  return text.match(/\s*\S+|\s+$/gu) ?? [];
}

/** Tokens of a text as the fake provider counts them: one per piece. */
export function countTokens(text: string): number {
  return splitIntoPieces(text).length;
}

/** Cuts a text to the request's `max_tokens`; `whole` is false where something was cut. */
export function limitTokens(body: Json, text: string): { readonly text: string; readonly whole: boolean } {
  const limit = tokenLimit(body);
  if (limit === Number.POSITIVE_INFINITY) return { text, whole: true };
  const pieces = splitIntoPieces(text);
  if (pieces.length <= limit) return { text, whole: true };
  return { text: pieces.slice(0, Math.max(0, limit)).join(''), whole: false };
}

/** The text of the last message where it is the assistant's: what a continuation goes on from. */
export function prefillOf(body: Json): string | null {
  const last = messagesOf(body).at(-1);
  return last?.role === 'assistant' && typeof last.content === 'string' ? last.content : null;
}

/**
 * The whole answer without a token limit: a function of the last user message (or prompt) alone, so that every
 * fake provider says the same. `words=N` in that message sets its length (default 24 words).
 */
export function unlimitedAnswer(body: Json): string {
  const seed = seedOf(body);
  const words = /\bwords=(\d{1,7})\b/.exec(seed)?.[1];
  return makeText(seed, words === undefined ? DEFAULT_WORDS : Number(words));
}

/** The text that a fake provider answers to this request body by default, within its `max_tokens`. */
export function expectedAnswer(body: unknown): string {
  return isObject(body) ? limitTokens(body, unlimitedAnswer(body)).text : '';
}

/** Prompt tokens of a request body: the pieces of all its messages, its prompt or its input. */
export function countPromptTokens(body: Json): number {
  const messages = messagesOf(body);
  if (messages.length === 0) return countTokens(seedOf(body));
  return messages.reduce((sum, message) => sum + countTokens(textOf(message.content)), 0);
}

/** The usage that a fake provider reports by default for this request body. */
export function expectedUsage(body: unknown): TokenUsage {
  const promptTokens = isObject(body) ? countPromptTokens(body) : 0;
  return toUsage(promptTokens, countTokens(expectedAnswer(body)));
}

/** Both figures and their sum. */
export function toUsage(promptTokens: number, completionTokens: number): TokenUsage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
