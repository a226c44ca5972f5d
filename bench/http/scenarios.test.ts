import { describe, expect, it } from 'vitest';
import { loopForWorkers } from './scenarios.ts';

describe('loopForWorkers', () => {
  it('gives each worker the connections, or the rate, of the one process', () => {
    expect(loopForWorkers({ kind: 'closed', connections: 64 }, 2)).toEqual({
      kind: 'closed',
      connections: 128,
    });
    expect(loopForWorkers({ kind: 'open', ratePerSecond: 200, maxConnections: 256 }, 2)).toEqual({
      kind: 'open',
      ratePerSecond: 400,
      maxConnections: 512,
    });
  });

  it('leaves the load of one process as it is', () => {
    const loop = { kind: 'closed', connections: 16 } as const;
    expect(loopForWorkers(loop, 1)).toEqual(loop);
  });
});
