import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBound, formatFloat } from './format-float.ts';
import { hasPythonClient, runPython } from './test-support/python-client.ts';

describe('formatFloat', () => {
  it.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [5, '5.0'],
    [-5, '-5.0'],
    [0.5, '0.5'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [-1.5e-7, '-1.5e-07'],
    [5e-324, '5e-324'],
    [1e6, '1000000.0'],
    [2 ** 31, '2147483648.0'],
    [2 ** 53, '9007199254740992.0'],
    [1e16, '1e+16'],
    [1.25e16, '1.25e+16'],
    [1e21, '1e+21'],
    [1e100, '1e+100'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [0.1 + 0.2, '0.30000000000000004'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [Number.NaN, 'NaN'],
  ])('prints %f as %s', (value, text) => {
    expect(formatFloat(value)).toBe(text);
  });

  it.skipIf(!hasPythonClient)('prints any finite double as Python does', () => {
    const values = fc.sample(
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.maxSafeInteger(),
        powers(),
      ),
      { numRuns: 4000, seed: 7 },
    );
    const program =
      'import json, sys\nprint(json.dumps([repr(float.fromhex(x)) for x in json.load(sys.stdin)]))';
    expect(values.map(formatFloat)).toEqual(runPython(program, values.map(toHex)));
  });
});

describe('formatBound', () => {
  it.each([
    [0.5, '0.5'],
    [2, '2.0'],
    [1e-5, '1e-05'],
    [100_000, '100000.0'],
    [1e6, '1e+06'],
    [2_500_000, '2.5e+06'],
    [1e10, '1e+010'],
    [1e16, '1e+16'],
  ])('labels the bound %f as %s, as the Python client does', (bound, text) => {
    expect(formatBound(bound)).toBe(text);
  });

  it.skipIf(!hasPythonClient)('labels any bound as the Python client does', () => {
    const bounds = fc.sample(fc.oneof(fc.double({ min: 0, max: 1e30, noNaN: true }), fc.nat(), powers()), {
      numRuns: 4000,
      seed: 7,
    });
    const program = [
      'import json, sys',
      'from prometheus_client.utils import floatToGoString',
      'print(json.dumps([floatToGoString(float.fromhex(x)) for x in json.load(sys.stdin)]))',
    ].join('\n');
    expect(bounds.map((bound) => formatBound(bound + 0))).toEqual(runPython(program, bounds.map(toHex)));
  });
});

function powers(): fc.Arbitrary<number> {
  return fc
    .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: -30, max: 25 }))
    .map(([digits, exponent]) => Number(`${digits}e${exponent}`));
}

/** The exact double as text that needs no decimal conversion on either side. */
function toHex(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const sign = bits >> 63n === 0n ? '' : '-';
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = (bits & 0xfffffffffffffn).toString(16).padStart(13, '0');
  return exponent === 0 ? `${sign}0x0.${fraction}p-1022` : `${sign}0x1.${fraction}p${exponent - 1023}`;
}
