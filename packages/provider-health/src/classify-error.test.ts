import { expect, test } from 'vitest';
import { classifyError, timeoutPhaseOf } from './classify-error.ts';
import type { Outcome } from './outcome.ts';

test.each<[string, Outcome]>([
  ['ECONNREFUSED', 'network'],
  ['ECONNRESET', 'network'],
  ['ENOTFOUND', 'network'],
  ['EAI_AGAIN', 'network'],
  ['EPIPE', 'network'],
  ['UND_ERR_SOCKET', 'network'],
  ['CERT_HAS_EXPIRED', 'network'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'network'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'network'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'network'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'network'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout'],
  ['ETIMEDOUT', 'timeout'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'timeout'],
  ['HPE_INVALID_CONSTANT', 'provider_error'],
  ['HPE_HEADER_OVERFLOW', 'provider_error'],
  ['Z_DATA_ERROR', 'provider_error'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'provider_error'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'provider_error'],
  ['EMFILE', 'gateway'],
  ['UND_ERR_ABORTED', 'gateway'],
  ['ABORT_ERR', 'gateway'],
  ['ERR_INVALID_ARG_TYPE', 'gateway'],
])('an attempt that ends in %s has the outcome %s', (code, outcome) => {
  expect(classifyError(code)).toBe(outcome);
});

test('an error without a code, or with one nobody knows, is not blamed on the provider', () => {
  expect(classifyError(undefined)).toBe('gateway');
  expect(classifyError('')).toBe('gateway');
  expect(classifyError('constructor')).toBe('gateway');
});

test('a timeout code tells which deadline passed', () => {
  expect(timeoutPhaseOf('UND_ERR_CONNECT_TIMEOUT')).toBe('connect');
  expect(timeoutPhaseOf('UND_ERR_HEADERS_TIMEOUT')).toBe('first_token');
  expect(timeoutPhaseOf('UND_ERR_BODY_TIMEOUT')).toBe('idle');
  expect(timeoutPhaseOf('ECONNRESET')).toBeNull();
});
