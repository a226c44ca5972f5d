const MAX_CHARACTERS = 300;
/** Shorter ones would hide half of every sentence, and protect nothing. */
const MIN_SECRET_CHARACTERS = 4;

/** Makes what others wrote fit for a line: no secret, no control character, no unbounded length. */
export function createCleanText(secrets: readonly string[]): (text: string) => string {
  const hidden = secrets
    .filter((secret) => secret.length >= MIN_SECRET_CHARACTERS)
    .toSorted((one, other) => other.length - one.length);
  return (text) => {
    let cleaned = text.slice(0, 100 * MAX_CHARACTERS);
    for (const secret of hidden) cleaned = cleaned.replaceAll(secret, '(hidden)');
    cleaned = cleaned.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
    return cleaned.length <= MAX_CHARACTERS ? cleaned : `${cleaned.slice(0, MAX_CHARACTERS)}…`;
  };
}
