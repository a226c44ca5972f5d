/** The same text, on its own: a piece of a longer one keeps that alive as long as the piece is remembered. */
export function toOwnText(text: string): string {
  // Through UTF-8, so that ASCII stays at one byte a character; lone surrogates do not survive that.
  return text.isWellFormed()
    ? Buffer.from(text).toString()
    : Buffer.from(text, 'utf16le').toString('utf16le');
}
