/** Who sent a request, as its bill and its explanation need to know. */
export interface Caller {
  readonly keyId: string;
  /** Empty for a key of the configuration, and where no key is needed: nobody pays. */
  readonly userId: string;
}

const configured: Caller[] = [];

/** Who has a key of the configuration, by its place there; the first one where no key is needed. */
export function configuredCaller(index: number): Caller {
  let caller = configured[index];
  if (caller === undefined) {
    caller = { keyId: `configured:${index}`, userId: '' };
    configured[index] = caller;
  }
  return caller;
}
