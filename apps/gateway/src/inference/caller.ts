/** Who sent a request, as its bill and its explanation need to know. */
export interface Caller {
  readonly keyId: string;
  /** Empty for a key of the configuration, and where no key is needed: nobody pays. */
  readonly userId: string;
}

/** Everybody, where no key is needed. */
export const ANYBODY: Caller = { keyId: 'open', userId: '' };
