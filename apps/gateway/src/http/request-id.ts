import { randomUUID } from 'node:crypto';

/** Where the random part of a version 4 begins, behind the version's digit. */
const RANDOM_AT = 15;

let lastMs = -1;
let time = '';

/**
 * A UUID of version 7 (RFC 9562): it begins with the time. What is looked up by it is then written in one place of an
 * index, and a commit of the ledger changes fewer pages.
 */
export function createRequestId(): string {
  const nowMs = Date.now();
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    const digits = nowMs.toString(16).padStart(12, '0');
    time = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
  }
  return time + randomUUID().slice(RANDOM_AT);
}
