import { expect, test } from 'vitest';
import { ProviderCallTimes } from './provider-call-times.ts';

test('calls one after the other are waited for in turn, and not between them', () => {
  const times = new ProviderCallTimes(10);
  times.begin(10);
  times.end(30);
  times.begin(50);
  times.end(55);
  expect([times.waitedMs, times.lastEndAt]).toEqual([25, 55]);
});

test('calls side by side are waited for once', () => {
  const times = new ProviderCallTimes(10);
  times.begin(10);
  times.begin(20);
  times.end(40);
  times.end(60);
  expect(times.waitedMs).toBe(50);
});

test('what still runs when the answer ends has ended with it', () => {
  const times = new ProviderCallTimes(0);
  times.begin(0);
  times.begin(5);
  times.close(20);
  times.close(30);
  expect([times.waitedMs, times.lastEndAt]).toEqual([20, 20]);
});

test('the first chunk of all counts', () => {
  const times = new ProviderCallTimes(1);
  times.chunk(7);
  times.chunk(9);
  expect(times.firstChunkAt).toBe(7);
});
