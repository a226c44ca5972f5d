/** Longer texts are counted by their first part. */
const COUNTED_CHARACTERS = 32_768;
/** The time to count a word grows with the square of its length: one of 65,536 letters takes more than a second. */
const PIECE_CHARACTERS = 1024;

/** Counts the tokens of a text. */
export type CountTokens = (text: string) => number;

let loading: Promise<CountTokens> | null = null;

/**
 * Loads the tokenizer of OpenAI's current models (`o200k_base`) when it is first needed: it takes some 60 MB. Its
 * counts are estimates: for any other model, and by about one token for each 1,024 characters.
 */
export function loadTokenizer(): Promise<CountTokens> {
  loading ??= import('gpt-tokenizer/encoding/o200k_base').then(({ countTokens }) => {
    // What looks like a special token is text here: whoever writes it must not stop the count.
    const options = { disallowedSpecial: new Set<string>() };
    return (text) => {
      const counted = text.slice(0, COUNTED_CHARACTERS);
      let tokens = 0;
      for (let start = 0; start < counted.length; start += PIECE_CHARACTERS) {
        tokens += countTokens(counted.slice(start, start + PIECE_CHARACTERS).toWellFormed(), options);
      }
      return text.length <= COUNTED_CHARACTERS
        ? tokens
        : Math.ceil((tokens * text.length) / COUNTED_CHARACTERS);
    };
  });
  return loading;
}
