import { createRegistry } from '@gatewayz/metrics';
import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { collapse, compare, current, divide, type Expression, multiply, plus, share } from './expression.ts';
import { FamilySamples } from './family-samples.ts';

const VALUES = { part: { x: 1 }, whole: { x: 4, y: 2, z: 0 }, empty: {} } as const;

function evaluateOver(expression: Expression): Readonly<Record<string, number>> {
  const registry = createRegistry({ selfMetrics: false });
  const families = Object.entries(VALUES).map(([name, values]) => {
    const gauge = registry.gauge({ name, help: name, labels: ['a'] });
    for (const [a, value] of Object.entries(values)) gauge.labels({ a }).set(value);
    const family = new FamilySamples(false);
    family.sample(registry.samples(name), 0, true);
    return [name, family] as const;
  });
  const family = (metric: string) => new Map(families).get(metric);
  const vector = evaluate(expression, { nowMs: 0, windowMs: 60_000, matches: [], family });
  return Object.fromEntries(vector.map(({ labels, value }) => [labels.a ?? '', value]));
}

const part = current('sum', 'part', ['a']);
const whole = current('sum', 'whole', ['a']);
const empty = current('sum', 'empty', ['a']);

test('a share is 0 where the whole has no such part, and no number where the whole is 0', () => {
  expect(evaluateOver(share(part, whole))).toEqual({ x: 0.25, y: 0, z: Number.NaN });
  expect(evaluateOver(share(whole, empty))).toEqual({});
});

test('a sum takes what either side has, and is unknown where both have nothing', () => {
  expect(evaluateOver(plus(part, whole))).toEqual({ x: 5, y: 2, z: 0 });
  expect(evaluateOver(plus(empty, part))).toEqual({ x: 1 });
  expect(evaluateOver(plus(empty, empty))).toEqual({});
});

test('a quotient and a product are there where both sides are', () => {
  expect(evaluateOver(divide(whole, part))).toEqual({ x: 4 });
  expect(evaluateOver(multiply(part, whole))).toEqual({ x: 4 });
});

test('a comparison is 1 or 0, on either side of the limit', () => {
  expect(evaluateOver(compare(whole, '<', 2))).toEqual({ x: 0, y: 0, z: 1 });
  expect(evaluateOver(compare(whole, '>=', 2))).toEqual({ x: 1, y: 1, z: 0 });
});

test('everything in one value: the sum, the mean, how many; of nothing there is none', () => {
  expect(evaluateOver(collapse('sum', whole))).toEqual({ '': 6 });
  expect(evaluateOver(collapse('avg', whole))).toEqual({ '': 2 });
  expect(evaluateOver(collapse('count', whole))).toEqual({ '': 3 });
  expect(evaluateOver(collapse('count', empty))).toEqual({});
});

test('of a metric that is not there nothing is known', () => {
  expect(evaluateOver(current('sum', 'nonsense'))).toEqual({});
});
