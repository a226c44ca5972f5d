/** The paths that a backend polls. */
export const HEALTH_PATHS = ['/health', '/status', '/metrics', '/cache/stats'] as const;

export type HealthPath = (typeof HEALTH_PATHS)[number];

/** What one path of the fake health service does with a request. */
export type HealthScript =
  /** 200 with what a healthy service says, less and with these fields (`undefined` takes one out). */
  | {
      readonly kind: 'answer';
      readonly fields?: Readonly<Record<string, unknown>>;
      readonly delayMs?: number;
    }
  /** Exactly this; 200 and JSON by default. */
  | {
      readonly kind: 'reply';
      readonly body: string | Uint8Array;
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly delayMs?: number;
    }
  /** Reads the request and never says a word. */
  | { readonly kind: 'hang' }
  /** So many bytes of the healthy answer's body, then nothing more. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** So many bytes of the healthy answer's body, of which more are announced, then the end of the connection. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Ends the connection without an answer. */
  | { readonly kind: 'drop' }
  /** 200 and a body of so many bytes, written as fast as they are taken; its length is not announced. */
  | { readonly kind: 'flood'; readonly totalBytes: number };
