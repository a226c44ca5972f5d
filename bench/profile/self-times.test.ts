import type { Profiler } from 'node:inspector';
import { expect, it } from 'vitest';
import { selfTimes } from './self-times.ts';

function node(id: number, functionName: string, url: string): Profiler.ProfileNode {
  return { id, callFrame: { functionName, url, scriptId: '0', lineNumber: 9, columnNumber: 0 } };
}

it('sums self time by function and place, and leaves idle time out of the shares', () => {
  const times = selfTimes({
    startTime: 0,
    endTime: 100,
    nodes: [
      node(1, '(idle)', ''),
      node(2, 'dispatch', 'file:///x/node_modules/undici/lib/client.js'),
      node(3, 'relay', 'file:///x/apps/gateway/src/relay.ts'),
      node(4, 'dispatch', 'file:///x/node_modules/undici/lib/client.js'),
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [20, 30, 10, 40],
  });
  expect(times.busyShare).toBe(0.8);
  expect(times.functions).toEqual([
    { name: 'dispatch  undici/lib/client.js:10', share: 0.875 },
    { name: 'relay  gateway/src/relay.ts:10', share: 0.125 },
  ]);
  expect(times.places.map(({ name }) => name)).toEqual(['undici', 'apps/gateway']);
});
