/** Response headers by lower-case name, as Node and undici give them. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The longest wait taken from a header unless said otherwise: 10 min. */
export const DEFAULT_MAX_WAIT_MS = 600_000;

const DECIMAL = /^\d{1,400}(?:\.\d{1,100})?$/;
// The three forms of RFC 9110, section 5.6.7. Without them `Date.parse` would take "-5" for a date.
const IMF_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC850_DATE = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;
const DURATION_PART = /(\d{1,15}(?:\.\d{1,15})?)(ms|s|m|h|d)/y;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * How long a provider asks to be left alone, in milliseconds, from `retry-after-ms` or else `retry-after` (seconds,
 * with a fraction or not, or an HTTP date): 0 for a date that is past, at most `maxMs`, null where neither header can
 * be read.
 */
export function parseRetryAfter(
  headers: ResponseHeaders,
  nowEpochMs: number,
  maxMs: number = DEFAULT_MAX_WAIT_MS,
): number | null {
  const waitMs =
    readDecimal(firstValue(headers['retry-after-ms'])) ??
    readSecondsOrDate(firstValue(headers['retry-after']), nowEpochMs);
  return waitMs === null ? null : Math.min(Math.max(Math.ceil(waitMs), 0), maxMs);
}

/**
 * How long until a used-up quota is filled again, in milliseconds, at most `maxMs`: the longest `x-ratelimit-reset-*`
 * (a duration such as `6m0s` or `20ms`) among requests and tokens of which `x-ratelimit-remaining-*` is 0, or null.
 */
export function parseQuotaReset(
  headers: ResponseHeaders,
  maxMs: number = DEFAULT_MAX_WAIT_MS,
): number | null {
  let longestMs: number | null = null;
  for (const quota of ['requests', 'tokens']) {
    if (firstValue(headers[`x-ratelimit-remaining-${quota}`]) !== '0') continue;
    const resetMs = readDuration(firstValue(headers[`x-ratelimit-reset-${quota}`]));
    if (resetMs !== null) longestMs = Math.max(longestMs ?? 0, resetMs);
  }
  return longestMs === null ? null : Math.min(Math.ceil(longestMs), maxMs);
}

function firstValue(value: string | readonly string[] | undefined): string {
  return (typeof value === 'string' ? value : (value?.[0] ?? '')).trim();
}

function readDecimal(text: string): number | null {
  return DECIMAL.test(text) ? Number(text) : null;
}

function readSecondsOrDate(text: string, nowEpochMs: number): number | null {
  const seconds = readDecimal(text);
  if (seconds !== null) return seconds * 1000;
  const epochMs = readHttpDate(text);
  return Number.isNaN(epochMs) ? null : epochMs - nowEpochMs;
}

function readHttpDate(text: string): number {
  if (IMF_DATE.test(text) || RFC850_DATE.test(text)) return Date.parse(text);
  return ASCTIME_DATE.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
}

function readDuration(text: string): number | null {
  let totalMs = 0;
  DURATION_PART.lastIndex = 0;
  let end = 0;
  for (let part = DURATION_PART.exec(text); part !== null; part = DURATION_PART.exec(text)) {
    totalMs += Number(part[1]) * (UNIT_MS[part[2] ?? ''] ?? 0);
    end = DURATION_PART.lastIndex;
  }
  return end > 0 && end === text.length ? totalMs : null;
}
