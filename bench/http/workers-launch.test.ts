import { describe, expect, it } from 'vitest';
import { candidateNames } from './candidates.ts';
import { workersOf } from './workers-launch.ts';

describe('workersOf', () => {
  it('counts one for every candidate but the one of two workers', () => {
    const several = candidateNames.filter((name) => workersOf(name) !== 1);
    expect(several).toEqual(['workers-2']);
    expect(workersOf('workers-2')).toBe(2);
  });
});
