/** A whole, successful answer, and who gave it. */
export interface CachedAnswer {
  readonly provider: string;
  readonly model: string;
  readonly body: Buffer;
}

const LINE_END = 0x0a;

/** The answer as one value: a line of JSON, then the body. */
export function toStoredAnswer({ provider, model, body }: CachedAnswer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ version: 1, provider, model })}\n`), body]);
}

/** Reads such a value; null where it is none. */
export function fromStoredAnswer(stored: Buffer): CachedAnswer | null {
  const end = stored.indexOf(LINE_END);
  if (end < 0) return null;
  const head = parse(stored.subarray(0, end).toString());
  if (typeof head !== 'object' || head === null) return null;
  const { version, provider, model } = head as Readonly<Record<string, unknown>>;
  if (version !== 1 || typeof provider !== 'string' || typeof model !== 'string') return null;
  return { provider, model, body: stored.subarray(end + 1) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
