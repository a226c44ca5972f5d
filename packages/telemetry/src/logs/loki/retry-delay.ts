const MAX_RETRY_AFTER_MS = 60_000;

function readRetryAfter(text: string, nowMs: number): number | null {
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/**
 * How long to wait before the next try, in milliseconds: what `Retry-After` says (seconds or a date, at most a
 * minute), else exponential backoff, half of it at random.
 */
export function retryDelayMs(
  failures: number,
  retryAfter: string,
  { backoffMs, maxBackoffMs }: { readonly backoffMs: number; readonly maxBackoffMs: number },
  nowMs: number = Date.now(),
  random: number = Math.random(),
): number {
  const asked = retryAfter === '' ? null : readRetryAfter(retryAfter, nowMs);
  if (asked !== null) return Math.min(MAX_RETRY_AFTER_MS, asked);
  const cap = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 20));
  return cap / 2 + (cap / 2) * random;
}
