const MAX_DETAIL = 300;
/** Shorter secrets are words that stand in any text. */
const MIN_SECRET = 4;

/** One line of bounded length, without control characters and without the secrets. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= MIN_SECRET) clean = clean.replaceAll(secret, '[redacted]');
  }
  return clean
    .replaceAll(/\bBearer\s+\S+/gi, 'Bearer [redacted]')
    .replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, MAX_DETAIL);
}
