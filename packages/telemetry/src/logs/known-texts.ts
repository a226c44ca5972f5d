import { toOwnText } from '../own-text.ts';

const MAX_LENGTH = 64;
const MAX_KNOWN = 1_000;
const MIN_ID_LENGTH = 16;

const DASH = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const A = 0x61;
const F = 0x66;

/** Ids in hexadecimal: too many to be remembered, and of no shape that is looked for. */
function isId(text: string): boolean {
  if (text.length < MIN_ID_LENGTH) return false;
  // Not by an expression: three ids are in each request's line, and this is a fifth of its cost.
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isPart = (code >= ZERO && code <= NINE) || (code >= A && code <= F) || code === DASH;
    if (!isPart) return false;
  }
  return true;
}

/**
 * Remembers what became of short texts, for the same providers, models and outcomes are in line after line: at most
 * 1,000, then it begins anew. With `passesIds`, ids in hexadecimal are not read at all.
 */
export function rememberTexts(read: (text: string) => string, passesIds: boolean): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    if (text.length > MAX_LENGTH) return read(text);
    if (passesIds && isId(text)) return text;
    const before = known.get(text);
    if (before !== undefined) return before;
    const safe = read(text);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(toOwnText(text), toOwnText(safe));
    return safe;
  };
}
