import { describe, expect, it } from 'vitest';
import { candidateCores, choosePinning, type Pinning, pinned } from './pinning.ts';

const onTwo: Pinning = choosePinning(2, true);

describe('candidateCores', () => {
  it('gives a candidate as many cores as it has workers', () => {
    expect(candidateCores(onTwo, 1)).toEqual([0]);
    expect(candidateCores(onTwo, 2)).toEqual([0, 1]);
  });

  it('gives any core where nothing is pinned', () => {
    expect(candidateCores(choosePinning(1, true), 2)).toBeNull();
    expect(candidateCores(choosePinning(4, false), 2)).toBeNull();
  });
});

describe('choosePinning', () => {
  it('lets workers share cores with upstream and load generator only where no others are left', () => {
    expect(choosePinning(5, true)).toMatchObject({
      candidate: [0, 3, 4, 1, 2],
      upstream: [1],
      generator: [2],
    });
    expect(onTwo).toMatchObject({ candidate: [0, 1], upstream: [1], generator: [1] });
  });
});

describe('pinned', () => {
  it('runs a command on the cores, or as it is', () => {
    expect(pinned([0, 1], ['node', 'x.ts'])).toEqual({
      file: 'taskset',
      arguments: ['-c', '0,1', 'node', 'x.ts'],
    });
    expect(pinned(null, ['node', 'x.ts'])).toEqual({ file: 'node', arguments: ['x.ts'] });
  });
});
