import { classifyError, type Outcome } from '@gatewayz/provider-health';

/** Errors hold their cause, which holds its own; no deeper than this. */
const MAX_DEPTH = 5;

/**
 * The outcome of a call of a provider that threw, as `fetch`, undici and Node's own clients throw: by the error's code
 * or that of its causes. An answer that is no JSON is the provider's failure; what nobody knows is our own.
 */
export function outcomeOfError(error: unknown): Outcome {
  let at = error;
  for (let depth = 0; depth < MAX_DEPTH && at instanceof Error; depth += 1) {
    if (at.name === 'TimeoutError') return 'timeout';
    if (at.name === 'SyntaxError') return 'provider_error';
    const { code } = at as { readonly code?: unknown };
    if (typeof code === 'string') return classifyError(code);
    at = at.cause;
  }
  return 'gateway';
}
