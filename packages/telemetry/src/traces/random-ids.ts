import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8192;
/** Made into digits at once: an id is a piece of them, and keeps no more than these alive. */
const DIGITS_BYTES = 128;
const TRACE_ID_LENGTH = 32;
const SPAN_ID_LENGTH = 16;
const ALL_ZERO = /^0+$/;

// Filling a pool costs as much as filling 16 bytes, so one call serves hundreds of ids.
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let usedBytes = POOL_BYTES;
let digits = '';
let usedDigits = 0;

/** A random trace id: 32 lower-case hexadecimal digits, never all zero. */
export function newTraceId(): string {
  return newId(TRACE_ID_LENGTH);
}

/** A random span id: 16 lower-case hexadecimal digits, never all zero. */
export function newSpanId(): string {
  return newId(SPAN_ID_LENGTH);
}

function newId(length: number): string {
  if (usedDigits + length > digits.length) nextDigits();
  const id = digits.slice(usedDigits, usedDigits + length);
  usedDigits += length;
  return id.startsWith('00000000') && ALL_ZERO.test(id) ? newId(length) : id;
}

function nextDigits(): void {
  if (usedBytes + DIGITS_BYTES > POOL_BYTES) {
    randomFillSync(pool);
    usedBytes = 0;
  }
  digits = pool.toString('hex', usedBytes, usedBytes + DIGITS_BYTES);
  usedBytes += DIGITS_BYTES;
  usedDigits = 0;
}
