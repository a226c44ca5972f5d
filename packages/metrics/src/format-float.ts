/**
 * Formats a sample value as Python's `repr(float)` does (`5.0`, `1e-05`, `1e+16`), with the exposition's
 * `+Inf`, `-Inf` and `NaN`. The digits are the shortest that parse back to the same double.
 */
export function formatFloat(value: number): string {
  // A small integer is the usual sample; this is the cheapest test for one.
  if ((value | 0) === value) {
    return Object.is(value, -0) ? '-0.0' : `${value}.0`;
  }
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  }
  const size = Math.abs(value);
  if (size >= 1e16 || size < 1e-4) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

/**
 * Formats a bucket bound as the Python client labels it: `repr(float)`, but a bound of a million or more takes
 * the client's own exponent form (`1e+06`, `1e+010`), because queries match the label as text.
 */
export function formatBound(bound: number): string {
  const text = formatFloat(bound);
  const point = text.indexOf('.');
  if (!(bound > 0) || point <= 6) {
    return text;
  }
  const mantissa = `${text[0]}.${text.slice(1, point)}${text.slice(point + 1)}`.replace(/[0.]+$/, '');
  return `${mantissa}e+0${point - 1}`;
}
