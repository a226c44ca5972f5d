import type { Outcome, TimeoutPhase } from './outcome.ts';

const TIMEOUT_PHASES: ReadonlyMap<string, TimeoutPhase> = new Map([
  ['ETIMEDOUT', 'connect'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'connect'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect'],
  ['UND_ERR_HEADERS_TIMEOUT', 'first_token'],
  ['UND_ERR_BODY_TIMEOUT', 'idle'],
]);

const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOTCONN',
  'EPIPE',
  'EPROTO',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_PRX_CONN',
  'UND_ERR_PRX_TLS',
  'UND_ERR_SOCKET',
  // DNS, as c-ares and the system resolver name it.
  'EBADRESP',
  'ENODATA',
  'ENOTFOUND',
  'EREFUSED',
  'ESERVFAIL',
  'ETIMEOUT',
  // Certificates, as OpenSSL's verification names it.
  'CRL_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
]);

const PROVIDER_ERROR_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_REDIRECT_MAX',
  'UND_ERR_RESPONSE',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);

/** Families of codes: certificates, TLS, HTTP/2 and resolver errors, then bad HTTP/1 and bad compression. */
const NETWORK_PREFIX = /^(?:CERT_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|ERR_HTTP2_|EAI_)/;
const PROVIDER_ERROR_PREFIX = /^(?:HPE_|Z_|ERR__ERROR_FORMAT_)/;

/**
 * The outcome of an attempt that ended in an error with this `code` (Node's system, TLS, DNS and zlib codes;
 * undici's `UND_ERR_*` and `HPE_*`).
 *
 * A code that is not known is `gateway`, so that a provider is never blamed for what is not understood. That
 * includes aborts (`ABORT_ERR`, `UND_ERR_ABORTED`): only who aborted knows whether the client left or a deadline
 * passed, and must say so instead of asking here. So are a lack of file descriptors, ports or memory of our own.
 */
export function classifyError(code: string | undefined): Outcome {
  if (code === undefined) return 'gateway';
  if (TIMEOUT_PHASES.has(code)) return 'timeout';
  if (NETWORK_CODES.has(code) || NETWORK_PREFIX.test(code)) return 'network';
  if (PROVIDER_ERROR_CODES.has(code) || PROVIDER_ERROR_PREFIX.test(code)) return 'provider_error';
  return 'gateway';
}

/** Which deadline an error code tells of, or null where {@link classifyError} does not answer `timeout`. */
export function timeoutPhaseOf(code: string): TimeoutPhase | null {
  return TIMEOUT_PHASES.get(code) ?? null;
}
