import { type Dispatcher, request } from 'undici';
import type { Place } from './place.ts';

/** What came back: an answer of whatever status, or in words why there is none. */
export type Answer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly text: string;
      /** Unix milliseconds by the clock of whoever answered; null where it does not say. */
      readonly dateMs: number | null;
    }
  | { readonly kind: 'unanswered'; readonly why: string };

/** An empty body of a type, to be posted. */
export interface Post {
  readonly emptyBodyOf: string;
}

/** Asks a place with GET, or posts to it. Follows no redirect; never rejects. */
export type Ask = (place: Place, post?: Post) => Promise<Answer>;

/** Bytes of an answer beyond which it is given up. */
const MAX_BYTES = 16_000_000;

/** Makes a way to ask that ends with the signal. */
export function createAsk(dispatcher: Dispatcher, signal: AbortSignal): Ask {
  return async ({ url, headers }, post) => {
    try {
      const {
        statusCode,
        headers: received,
        body,
      } = await request(url, {
        dispatcher,
        signal,
        headers: post === undefined ? headers : { ...headers, 'content-type': post.emptyBodyOf },
        ...(post === undefined ? {} : { method: 'POST', body: new Uint8Array() }),
      });
      const text = await readText(body);
      if (text === null) return { kind: 'unanswered', why: `sends more than ${MAX_BYTES / 1e6} MB` };
      const dateMs = Date.parse(String(received.date));
      return { kind: 'answered', status: statusCode, text, dateMs: Number.isNaN(dateMs) ? null : dateMs };
    } catch (error) {
      return { kind: 'unanswered', why: signal.aborted ? 'does not answer in time' : toWords(error) };
    }
  };
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the body, and its connection with it.
    if (bytes > MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'resets the connection',
  UND_ERR_SOCKET: 'ends the connection without a whole answer',
  ENOTFOUND: 'has a host name that nobody knows',
  EAI_AGAIN: 'has a host name that cannot be looked up now',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
  UND_ERR_CONNECT_TIMEOUT: 'does not answer in time',
};

/** The reason by its code alone: messages may quote headers. */
function toWords(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== 'string') return 'answers with something that is no HTTP';
  return (
    WORDS[code] ?? (code.startsWith('HPE_') ? 'answers with something that is no HTTP' : `fails (${code})`)
  );
}
