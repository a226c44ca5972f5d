const SECONDS = /^\d{1,9}$/;
// The form that RFC 9110, section 5.6.7, wants written. `Date.parse` alone would take "-5" for a date.
const DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const MS_PER_SECOND = 1000;

/** How long a `Retry-After` header asks to wait, in milliseconds, at least 0; null where it cannot be read. */
export function readRetryAfter(header: string, nowEpochMs: number): number | null {
  if (SECONDS.test(header)) return Number(header) * MS_PER_SECOND;
  const epochMs = DATE.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(epochMs) ? null : Math.max(epochMs - nowEpochMs, 0);
}
