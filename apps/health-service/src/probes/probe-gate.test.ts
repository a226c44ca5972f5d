import { expect, test } from 'vitest';
import { createProbeGate } from './probe-gate.ts';

test('no more probes run at once than may', () => {
  const gate = createProbeGate({ concurrency: 2, perMinute: 100 });
  expect([gate.enter(0), gate.enter(0), gate.enter(0)]).toEqual([true, true, false]);
  gate.leave();
  expect(gate.enter(0)).toBe(true);
});

test('in no minute, wherever it begins, are there more requests than may be', () => {
  const gate = createProbeGate({ concurrency: 100, perMinute: 3 });
  const sentAtMs: number[] = [];
  for (let nowMs = 0; nowMs < 600_000; nowMs += 700) {
    if (!gate.enter(nowMs)) continue;
    if (gate.takeRequest(nowMs)) sentAtMs.push(nowMs);
    gate.leave();
  }
  expect(sentAtMs.length).toBeGreaterThan(25);
  sentAtMs.slice(3).forEach((atMs, index) => {
    expect(atMs - (sentAtMs[index] ?? 0)).toBeGreaterThan(60_000);
  });
});

test('a probe that has begun sends nothing more once the minute is full', () => {
  const gate = createProbeGate({ concurrency: 5, perMinute: 1 });
  expect(gate.enter(0)).toBe(true);
  expect([gate.takeRequest(0), gate.takeRequest(1)]).toEqual([true, false]);
});
