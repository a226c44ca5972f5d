import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8192;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const ALL_ZERO = /^0+$/;

// Filling a pool costs as much as filling 16 bytes, so one call serves hundreds of ids.
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let used = POOL_BYTES;

/** A random trace id: 32 lower-case hexadecimal digits, never all zero. */
export function newTraceId(): string {
  return newId(TRACE_ID_BYTES);
}

/** A random span id: 16 lower-case hexadecimal digits, never all zero. */
export function newSpanId(): string {
  return newId(SPAN_ID_BYTES);
}

function newId(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString('hex', used, used + bytes);
  used += bytes;
  return id.startsWith('00000000') && ALL_ZERO.test(id) ? newId(bytes) : id;
}
