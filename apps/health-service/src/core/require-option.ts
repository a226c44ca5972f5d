/** Throws a RangeError with the option's name and the received value unless it is a finite number in min…max. */
export function requireNumber(
  name: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isFinite(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} must be a number from ${min} to ${max}, received ${String(value)}`);
}

/** As {@link requireNumber}, for whole numbers. */
export function requireInteger(
  name: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} must be a whole number from ${min} to ${max}, received ${String(value)}`);
}
