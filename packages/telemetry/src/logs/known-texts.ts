const MAX_LENGTH = 64;
const MAX_KNOWN = 1_000;
/** Ids in hexadecimal: too many to be remembered, and of no shape that is looked for. */
const ID = /^[0-9a-f-]{16,64}$/;

/** A text of its own: a piece of a longer one would keep that alive as long as it is remembered. */
function copyOf(text: string): string {
  // Through UTF-8, so that ASCII stays at one byte a character; lone surrogates do not survive that.
  return text.isWellFormed()
    ? Buffer.from(text).toString()
    : Buffer.from(text, 'utf16le').toString('utf16le');
}

/**
 * Remembers what became of short texts, for the same providers, models and outcomes are in line after line: at most
 * 1,000, then it begins anew. With `passesIds`, ids in hexadecimal are not read at all.
 */
export function rememberTexts(read: (text: string) => string, passesIds: boolean): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    if (text.length > MAX_LENGTH) return read(text);
    const before = known.get(text);
    if (before !== undefined) return before;
    if (passesIds && ID.test(text)) return text;
    const safe = read(text);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(copyOf(text), copyOf(safe));
    return safe;
  };
}
