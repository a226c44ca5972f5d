import { type LimitUse, type LimitVerdict, tighterOf } from './rate-limits.ts';

const MS_PER_SECOND = 1000;
const MS_PER_MINUTE = 60 * MS_PER_SECOND;
const MS_PER_HOUR = 60 * MS_PER_MINUTE;

/** Writes a time as OpenAI's headers do: `20ms`, `1s`, `7.66s`, `6m0s`, `1h0m0s`. */
export function formatDuration(durationMs: number): string {
  const wholeMs = Math.max(0, Math.ceil(durationMs));
  if (wholeMs > 0 && wholeMs < MS_PER_SECOND) return `${wholeMs}ms`;
  const hours = Math.floor(wholeMs / MS_PER_HOUR);
  const minutes = Math.floor((wholeMs % MS_PER_HOUR) / MS_PER_MINUTE);
  const seconds = `${(wholeMs % MS_PER_MINUTE) / MS_PER_SECOND}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** The headers that tell a client where it stands, names and values in turn; with `retry-after` where it must wait. */
export function toLimitHeaders(verdict: LimitVerdict): readonly string[] {
  const headers: string[] = [];
  addUse(headers, 'requests', tighterOf(verdict.uses.requests));
  addUse(headers, 'tokens', tighterOf(verdict.uses.tokens));
  if (verdict.kind === 'refused') headers.push('retry-after', String(toRetrySeconds(verdict.retryAfterMs)));
  return headers;
}

function toRetrySeconds(retryAfterMs: number): number {
  return Math.max(1, Math.ceil(retryAfterMs / MS_PER_SECOND));
}

function addUse(headers: string[], name: 'requests' | 'tokens', use: LimitUse | null): void {
  if (use === null) return;
  const { limit, used, resetMs } = use;
  headers.push(
    `x-ratelimit-limit-${name}`,
    String(limit),
    `x-ratelimit-remaining-${name}`,
    String(Math.max(0, limit - used)),
    `x-ratelimit-reset-${name}`,
    formatDuration(used === 0 ? 0 : resetMs),
  );
}
