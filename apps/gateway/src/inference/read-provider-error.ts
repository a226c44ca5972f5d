import { classifyStatus, parseQuotaReset, parseRetryAfter } from '@gatewayz/provider-health';
import type { Provider } from '../providers/provider.ts';
import { type Failure, failure, type ProviderError } from './failure.ts';

const MAX_TEXT = 1000;
/** How many errors may be wrapped in one another. */
const MAX_NESTING = 4;
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Turns an error answer of a provider into a failure. */
export function readProviderError(
  provider: Provider,
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
): Failure {
  const outcome = classifyStatus(status);
  const said = readErrorBody(body, provider.secret);
  const asked = parseRetryAfter(headers, Date.now(), MAX_RETRY_AFTER_MS);
  const quotaReset = outcome === 'rate_limited' ? parseQuotaReset(headers, MAX_RETRY_AFTER_MS) : null;
  return failure(outcome === 'success' ? 'provider_error' : outcome, `${provider.name} answered ${status}`, {
    status,
    said,
    retryAfterMs: asked ?? quotaReset,
  });
}

/** Reads an error value as OpenAI, or its imitators, write it: `{error: {…}}`, `{error: "…"}`, `{message}`, `{detail}`. */
export function readErrorBody(body: Buffer, secret: string | null): ProviderError | null {
  try {
    return toProviderError(JSON.parse(body.toString('utf8')), secret);
  } catch {
    return null;
  }
}

/** The parts of an error value that a client may see; null where it holds no message. */
export function toProviderError(value: unknown, secret: string | null, depth = 0): ProviderError | null {
  if (typeof value === 'string')
    return { message: clean(value, secret), type: null, param: null, code: null };
  if (value === null || typeof value !== 'object' || depth > MAX_NESTING) return null;
  const { error, message, detail, type, param, code } = value as Record<string, unknown>;
  if (error !== undefined && error !== null && typeof error !== 'boolean')
    return toProviderError(error, secret, depth + 1);
  const text = [message, detail].find((part) => typeof part === 'string');
  if (typeof text !== 'string') return null;
  const optional = (part: unknown): string | null =>
    typeof part === 'string' || typeof part === 'number' ? clean(String(part), secret) : null;
  return { message: clean(text, secret), type: optional(type), param: optional(param), code: optional(code) };
}

/** Without our key, without control characters, and short. */
function clean(text: string, secret: string | null): string {
  const redacted = secret === null || secret.length < 4 ? text : text.replaceAll(secret, '[redacted]');
  return redacted.slice(0, MAX_TEXT).replaceAll(/\p{Cc}+/gu, ' ');
}
