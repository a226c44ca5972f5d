/** What the fake Loki does with one push. */
export type LokiScript =
  /** What Loki would. */
  | { readonly kind: 'accept'; readonly delayMs?: number }
  /** This answer; with `stores` the entries are kept all the same, as when an answer is lost on its way. */
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly stores?: boolean;
    }
  /** Reads the push and never answers. */
  | { readonly kind: 'hang'; readonly stores?: boolean }
  /** Resets the connection instead of an answer. */
  | { readonly kind: 'reset'; readonly stores?: boolean }
  /** Resets the connection after so many bytes of the body. */
  | { readonly kind: 'resetInBody'; readonly afterBytes: number };
