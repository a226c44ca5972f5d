import { createRegistry, type Registry, type RegistrySnapshot } from '@gatewayz/metrics';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GatheredMetrics } from './gathered-metrics.ts';

const help = 'Help.';

let shown: Registry;
let asked: [worker: number, round: number][];
let gathered: GatheredMetrics;

beforeEach(() => {
  vi.useFakeTimers();
  shown = createRegistry({ selfMetrics: false });
  asked = [];
  gathered = new GatheredMetrics({
    shown,
    own: createRegistry({ selfMetrics: false }),
    rules: { running: { kind: 'sum' } },
    ask: (worker, round) => asked.push([worker, round]),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

async function counts(
  total: number,
  more: { readonly running?: number; readonly up?: number } = {},
): Promise<RegistrySnapshot> {
  const registry = createRegistry({ selfMetrics: false });
  registry.counter({ name: 'c_total', help }).inc(total);
  if (more.running !== undefined) registry.gauge({ name: 'running', help }).set(more.running);
  if (more.up !== undefined) registry.gauge({ name: 'up', help }).set(more.up);
  return registry.snapshot();
}

function shownValue(name: string): number | undefined {
  return [...shown.samples(name)][0]?.value;
}

/** Whether a promise is settled by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return done;
}

test('a scrape is over as soon as the last worker has answered', async () => {
  for (const worker of [1, 2]) gathered.joined(worker);
  const scrape = gathered.gather();
  expect(asked).toEqual([
    [1, 1],
    [2, 1],
  ]);
  gathered.received(1, await counts(3), 1);
  expect(await isDone(scrape)).toBe(false);
  gathered.received(2, await counts(4), 1);
  expect(await isDone(scrape)).toBe(true);
  expect(shownValue('c_total')).toBe(7);
});

test('a worker that hangs is waited for until the deadline, and shown as it was', async () => {
  for (const worker of [1, 2]) gathered.joined(worker);
  gathered.received(2, await counts(4, { running: 2 }), null);
  const scrape = gathered.gather();
  gathered.received(1, await counts(3, { running: 1 }), 1);
  await vi.advanceTimersByTimeAsync(499);
  expect(await isDone(scrape)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await isDone(scrape)).toBe(true);
  expect([shownValue('c_total'), shownValue('running')]).toEqual([7, 3]);
});

test('one that is known to hang is asked, and not waited for', async () => {
  for (const worker of [1, 2]) gathered.joined(worker);
  gathered.prompt(2, false);
  const scrape = gathered.gather();
  gathered.received(1, await counts(3), 1);
  expect(await isDone(scrape)).toBe(true);
  expect(asked).toContainEqual([2, 1]);
});

test('a worker that ends in the middle of a scrape does not hold it up', async () => {
  gathered.joined(1);
  gathered.received(1, await counts(5), null);
  const scrape = gathered.gather();
  gathered.exited(1);
  expect(await isDone(scrape)).toBe(true);
  expect(shownValue('c_total')).toBe(5);
});

test('what a worker counted stays when it ends, what it measured goes, and late words still count', async () => {
  gathered.joined(1);
  gathered.received(1, await counts(5, { running: 1 }), null);
  gathered.exited(1);
  gathered.show();
  expect([shownValue('c_total'), shownValue('running')]).toEqual([5, undefined]);
  gathered.received(1, await counts(6), null);
  gathered.left(1);
  gathered.joined(2);
  gathered.received(2, await counts(1, { running: 4 }), null);
  gathered.exited(2);
  gathered.left(2);
  gathered.show();
  expect([shownValue('c_total'), shownValue('running')]).toEqual([7, undefined]);
});

test('counts that a worker no longer tells are kept', async () => {
  gathered.joined(1);
  gathered.received(1, await counts(5), null);
  gathered.received(1, [], null);
  gathered.show();
  expect(shownValue('c_total')).toBe(5);
});

test('gauges without a rule are those of the leader, and gone with it', async () => {
  for (const worker of [1, 2]) gathered.joined(worker);
  gathered.leads(1);
  gathered.received(1, await counts(0, { up: 1 }), null);
  gathered.received(2, await counts(0, { up: 0 }), null);
  gathered.show();
  expect(shownValue('up')).toBe(1);
  gathered.exited(1);
  gathered.show();
  expect(shownValue('up')).toBeUndefined();
  gathered.leads(2);
  gathered.show();
  expect(shownValue('up')).toBe(0);
});
