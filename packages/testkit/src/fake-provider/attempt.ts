import type { Endpoint } from './read-openai-request.ts';

/**
 * `pending` while it runs; `complete` when every byte of a whole reply was taken; `fault:…` from the moment the
 * script's fault struck; `client_closed` when the client left a reply that was going well; `server_closed` when
 * the provider was stopped under it.
 */
export type AttemptEnd = 'pending' | 'complete' | 'client_closed' | 'server_closed' | `fault:${string}`;

/** Everything that is known about one request that the provider received. Moments are in ms. */
export interface Attempt {
  /** From 1, in order of arrival. */
  readonly number: number;
  /** From 1, in order of connecting. */
  readonly connection: number;
  /** 1 for the first request on its connection. */
  readonly numberOnConnection: number;
  /** Monotonic, on the provider's clock. */
  readonly receivedAtMs: number;
  readonly receivedAtEpochMs: number;
  readonly method: string;
  readonly path: string;
  /** Null where the path is unknown. */
  readonly endpoint: Endpoint | null;
  /** Empty where none was readable. */
  readonly model: string;
  readonly stream: boolean;
  /** Empty, as the two below, under `keepLog: 'summary'`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
  /** The script's name, or its kind; `refused` where the request was at fault; `models` for the list. */
  readonly script: string;
  /** Null until a head was sent, and where raw bytes took its place. */
  readonly status: number | null;
  /** Body and head bytes handed to the socket. */
  readonly bytesSent: number;
  /** Whole events of a stream, or 1 for a whole JSON body. */
  readonly eventsSent: number;
  /** Events that carried a piece of the answer. */
  readonly piecesSent: number;
  /** What those pieces add up to; empty under `keepLog: 'summary'`. */
  readonly textSent: string;
  /** The last usage that was sent, as it was; undefined where none was. */
  readonly usageSent: unknown;
  /** Since when the client has read nothing while there is more to send; null when it keeps up. */
  readonly blockedSinceMs: number | null;
  readonly end: AttemptEnd;
  readonly endedAtMs: number | null;
  /** When the client was seen to have gone, whatever the end; null if it stayed. */
  readonly clientClosedAtMs: number | null;
}

/** An attempt as the provider fills it in. */
export type OpenAttempt = { -readonly [Key in keyof Attempt]: Attempt[Key] };
