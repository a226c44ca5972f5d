/** The number itself, or a RangeError that names the option, its bounds and the value received. */
export function requireNumber(
  name: string,
  value: number,
  min: number,
  max: number = Number.MAX_VALUE,
): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new RangeError(`${name} must be a number ${boundsOf(min, max)}, received ${String(value)}`);
}

/** As {@link requireNumber}, for whole numbers. */
export function requireInteger(
  name: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} must be a whole number ${boundsOf(min, max)}, received ${String(value)}`);
}

function boundsOf(min: number, max: number): string {
  return max >= Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
}
