/** Room beyond a cut within which a secret is still seen whole, in characters. */
const OVERLAP = 4_096;

/** Control characters but tab and line feed, line separators, and (for the first) lone surrogates. */
const NEEDS_CARE = /[^\P{Cc}\n\t]|[\p{Cs}\u2028\u2029]/u;
const CONTROLS = /[^\P{Cc}\n\t]|[\u2028\u2029]/gu;

function showControl(character: string): string {
  const code = character.charCodeAt(0);
  return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, '0')}`;
}

/** Text that no terminal obeys and every UTF-8 reader takes: control characters are spelled out, tab and line feed stay. */
function toPrintable(text: string): string {
  return NEEDS_CARE.test(text) ? text.toWellFormed().replace(CONTROLS, showControl) : text;
}

/** Masked, printable, and at most `maxLength` characters long; what is cut says how much it was. */
export function toSafeText(text: string, maxLength: number, mask: (text: string) => string): string {
  if (text.length <= maxLength) {
    const safe = toPrintable(mask(text));
    return safe.length <= maxLength ? safe : cut(safe, maxLength, safe.length);
  }
  // A bounded part is looked at, however long the text; a secret that the cut would halve is masked before it.
  const start = text.slice(0, maxLength + OVERLAP);
  return cut(toPrintable(mask(start)), maxLength, text.length);
}

function cut(safe: string, maxLength: number, wholeLength: number): string {
  const mark = `…[cut: ${wholeLength} characters]`;
  return `${safe.slice(0, Math.max(0, maxLength - mark.length)).toWellFormed()}${mark}`;
}
