const piecePattern = /\s*(?:[\p{L}\p{N}]{1,8}|[^\s\p{L}\p{N}])|\s+$/gu;

/**
 * Splits a text into token-like pieces that join back to exactly that text: up to eight letters or digits, or
 * one other character, each with the white space before it.
 */
export function splitPieces(text: string): readonly string[] {
  return text.match(piecePattern) ?? [];
}

/** Counts the pieces of a text: an approximation of a tokenizer's count, good to perhaps a third for prose. */
export function countPieces(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(piecePattern)) count += 1;
  return count;
}
