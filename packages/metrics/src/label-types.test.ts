import { describe, expect, it } from 'vitest';
import { createRegistry } from './registry.ts';

describe('the types', () => {
  it('refuse label values that are not strings, labels that are missing and labels that are unknown', () => {
    const registry = createRegistry();
    const counter = registry.counter({ name: 'a_total', help: 'h', labels: ['x', 'y'] });
    // @ts-expect-error a label value is a string
    counter.labels({ x: 1, y: '2' });
    // @ts-expect-error y is missing
    counter.labels({ x: '1' });
    // @ts-expect-error z is unknown
    counter.labels({ x: '1', y: '2', z: '3' });
    // @ts-expect-error what is removed is named whole
    counter.remove({ x: '1' });
    expect([...registry.samples('a_total')].map(({ labels }) => labels)).toEqual([{ x: '1', y: '2' }]);
  });

  it('let a metric be updated directly only where it has no labels', () => {
    const registry = createRegistry();
    registry.counter({ name: 'a_total', help: 'h' }).inc();
    registry.gauge({ name: 'b', help: 'h' }).set(1);
    registry.histogram({ name: 'c', help: 'h', buckets: [1] }).observe(1);
    // @ts-expect-error a label set has to be chosen first
    registry.counter({ name: 'd_total', help: 'h', labels: ['x'] }).inc();
    // @ts-expect-error a label set has to be chosen first
    registry.gauge({ name: 'e', help: 'h', labels: ['x'] }).set(1);
    expect([...registry.samples('d_total')]).toEqual([{ name: 'd_total', labels: { x: '' }, value: 1 }]);
  });
});
