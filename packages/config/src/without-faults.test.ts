import { expect, test } from 'vitest';
import { z } from 'zod';
import { withoutFaults } from './without-faults.ts';

const schema = z.strictObject({
  port: z.number().optional(),
  keys: z.array(z.string()),
  rooms: z.record(z.string(), z.strictObject({ size: z.number().optional() })),
});

function repair(input: unknown): unknown {
  return withoutFaults(input, schema.safeParse(input).error?.issues ?? []);
}

test('wrong values, wrong items of a list and unknown keys are left out, all else stays', () => {
  const input = {
    port: 'x',
    keys: ['a', 1, 'b', 2, 'c'],
    rooms: { one: { size: 1, colour: 'red' }, two: {} },
  };
  expect(repair(input)).toEqual({ keys: ['a', 'b', 'c'], rooms: { one: { size: 1 }, two: {} } });
});

test('the input itself is not touched', () => {
  const input = { keys: [1], rooms: {} };
  repair(input);
  expect(input).toEqual({ keys: [1], rooms: {} });
});

test('what is missing, or is no object at all, stays as it is', () => {
  expect(repair({ rooms: {} })).toEqual({ rooms: {} });
  expect(repair('text')).toBe('text');
});
