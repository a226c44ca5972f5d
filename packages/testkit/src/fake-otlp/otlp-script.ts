/** What the fake collector does with one request for spans. */
export type OtlpScript =
  /** Keeps the spans and says so. */
  | { readonly kind: 'accept'; readonly delayMs?: number }
  /** Keeps all but the first so many, and says so. */
  | { readonly kind: 'partial'; readonly rejectedSpans: number; readonly errorMessage?: string }
  /** Keeps nothing, and answers this; no body by default. */
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Keeps nothing, and never says a word. */
  | { readonly kind: 'hang' }
  /** Ends the connection without an answer, after it kept the spans or not. */
  | { readonly kind: 'reset'; readonly keeps: boolean };
