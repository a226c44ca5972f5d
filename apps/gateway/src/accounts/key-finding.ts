/** A key that may be used, with what it may be used for; `null` stands for "no limit". */
export interface KeyRecord {
  readonly id: string;
  readonly userId: string;
  readonly planType: string;
  /** Names of models as clients ask for them. */
  readonly models: ReadonlySet<string> | null;
  readonly providers: ReadonlySet<string> | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly concurrency: number | null;
  /** The most that may ever be charged to it, in micro-credits. */
  readonly budgetMicro: number | null;
  readonly expiresAtMs: number | null;
}

/** What is known of a key that a client has sent; `unavailable`: nothing, as the database is away. */
export type KeyFinding =
  | { readonly kind: 'key'; readonly key: KeyRecord }
  | { readonly kind: 'unknown' | 'revoked' | 'expired' | 'disabled' | 'unavailable' };

export const UNKNOWN: KeyFinding = { kind: 'unknown' };
export const EXPIRED: KeyFinding = { kind: 'expired' };
export const UNAVAILABLE: KeyFinding = { kind: 'unavailable' };
