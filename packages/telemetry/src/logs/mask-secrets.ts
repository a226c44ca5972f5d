export const REDACTED = '[redacted]';

/** Shorter ones are not looked for: they would be found in ordinary words. */
const MIN_SECRET_LENGTH = 6;

const VALUE = String.raw`(?:(?:bearer|basic)\s{1,4})?[^\s"'\\&,;<>}\]]+`;
const ASSIGNED = String.raw`\\{0,3}["']?\s{0,3}`;
/** Shapes in which credentials turn up inside other text. No two repeats of one can start in the same run of characters, so that reading stays linear. */
const SHAPES: readonly string[] = [
  // `Authorization: Bearer …`, `"api_key": "…"`, `?token=…`: what is kept is the name
  String.raw`(?<assigned>(?<![a-z0-9])(?:(?:proxy-)?authorization|(?:x-|openai-|anthropic-|goog-)?api[-_]?key|(?:access|refresh|session|auth|client|id|api|private)[-_]?(?:token|key|secret)|token|password|passwd|secret)${ASSIGNED}[:=]\s{0,3}\\{0,3}["']?)${VALUE}`,
  // `?key=…`, but not the words `key=value`, as warnings about a format have them
  String.raw`(?<query>(?<![a-z0-9])(?:key|sig|signature)=)(?!value\.?(?:[\s"'\\&,;<>}\]]|$))[^\s"'\\&,;<>}\]]+`,
  String.raw`(?<cookie>(?<![a-z0-9])(?:set-)?cookie${ASSIGNED}[:=])[^\n]+`,
  String.raw`(?<scheme>(?<![a-z0-9])(?:bearer|basic)\s{1,4})[\w.~+/=*-]{6,}`,
  // `https://name:password@host`
  String.raw`(?<slashes>\/\/)[^\s/?#"'<>\\]*@`,
  // keys by the prefixes that their makers gave them
  String.raw`(?<![a-z0-9])(?:sk|gz|pk|rk|gsk|csk|xai|hf|r8|fw|tgp|nvapi|pplx|glpat|xox[abeoprs]|gh[oprsu]|github_pat)[-_][\w*-]{8,}`,
  String.raw`(?<![a-z0-9])(?:AIza|AKIA|ASIA)[\w-]{12,}`,
  String.raw`(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?`,
];

function keepLead(...match: readonly unknown[]): string {
  const { assigned, query, cookie, scheme, slashes } = match.at(-1) as Readonly<
    Record<string, string | undefined>
  >;
  if (slashes !== undefined) return `${slashes}${REDACTED}@`;
  return `${assigned ?? query ?? cookie ?? scheme ?? ''}${REDACTED}`;
}

function spellings(secret: string): readonly string[] {
  const quoted = JSON.stringify(secret).slice(1, -1);
  let encoded = secret;
  try {
    encoded = encodeURIComponent(secret);
  } catch {
    // a lone surrogate: it has no encoded form
  }
  return [secret, quoted, encoded, Buffer.from(secret).toString('base64').replace(/=+$/, '')];
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function matcherOf(secrets: readonly string[]): RegExp | null {
  const all = new Set(secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH).flatMap(spellings));
  // The longest first: a key that begins with another one is masked whole.
  const longestFirst = [...all].sort((a, b) => b.length - a.length);
  return all.size === 0 ? null : new RegExp(longestFirst.map(escapePattern).join('|'), 'g');
}

/** Whether one of these secrets could be taken for an id in hexadecimal. */
export function looksLikeId(secrets: readonly string[]): boolean {
  return secrets.flatMap(spellings).some((spelling) => /^[0-9a-f-]*$/.test(spelling));
}

/**
 * Makes the function that takes secrets out of any text: these very ones (also URL-encoded, JSON-escaped or in
 * base64; shorter than 6 characters are left alone), and whatever has the shape of a key, a bearer token, a cookie,
 * the userinfo of a URL or a `key=` of a query.
 */
export function createMask(secrets: readonly string[] = []): (text: string) => string {
  const exact = matcherOf(secrets);
  const shapes = new RegExp(SHAPES.join('|'), 'gi');
  return (text) => {
    const known = exact === null ? text : text.replace(exact, REDACTED);
    return known.length < MIN_SECRET_LENGTH ? known : known.replace(shapes, keepLead);
  };
}
