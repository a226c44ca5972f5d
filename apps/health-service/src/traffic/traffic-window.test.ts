import { expect, test } from 'vitest';
import { TrafficWindow } from './traffic-window.ts';

const KEY = { provider: 'one', model: 'a' };
const MINUTE = 60_000;

const scrape = (success: number, failed: number, buckets: readonly [string, number][] = []): string =>
  [
    '# TYPE gatewayz_attempts_total counter',
    `gatewayz_attempts_total{provider="one",model="a",outcome="success"} ${success}`,
    `gatewayz_attempts_total{provider="one",model="a",outcome="timeout"} ${failed}.0`,
    ...buckets.map(
      ([le, count]) =>
        `model_inference_duration_seconds_bucket{provider="one",model="a",le="${le}"} ${count}`,
    ),
    'gatewayz_attempts_total{provider="one",model="a",outcome="nonsense"} 5',
    'other_total{provider="one",model="a",outcome="success"} 7',
    'gatewayz_attempts_total{provider="one",model="a" 9',
    '',
  ].join('\n');

test('nothing is known before the second reading; then what was gained between them', () => {
  const window = new TrafficWindow(5 * MINUTE);
  window.add(scrape(100, 5), 0, 1000);
  expect(window.sampleOf(KEY)).toBeNull();
  window.add(scrape(130, 7), MINUTE, 2000);
  expect(window.sampleOf(KEY)).toMatchObject({ succeeded: 30, failed: { timeout: 2 }, atEpochMs: 2000 });
  expect(window.sampleOf({ provider: 'one', model: 'b' })).toMatchObject({ succeeded: 0, failed: {} });
});

test('a counter that has begun anew counts from nothing, never backwards', () => {
  const window = new TrafficWindow(5 * MINUTE);
  window.add(scrape(100, 5), 0, 0);
  window.add(scrape(4, 0), MINUTE, 0);
  expect(window.sampleOf(KEY)).toMatchObject({ succeeded: 4, failed: {} });
});

test('what is older than the window is forgotten', () => {
  const window = new TrafficWindow(5 * MINUTE);
  for (let minute = 0; minute <= 9; minute += 1) window.add(scrape(minute * 10, 0), minute * MINUTE, 0);
  expect(window.sampleOf(KEY)?.succeeded).toBe(50);
});

test('a backend that was not to be read leaves traffic unknown until the next reading', () => {
  const window = new TrafficWindow(5 * MINUTE);
  window.add(scrape(0, 0), 0, 0);
  window.add(scrape(10, 0), MINUTE, 0);
  window.miss();
  expect(window.sampleOf(KEY)).toBeNull();
  window.add(scrape(40, 0), 3 * MINUTE, 0);
  expect(window.sampleOf(KEY)?.succeeded).toBe(30);
  window.add(scrape(90, 0), 30 * MINUTE, 0);
  window.add(scrape(91, 0), 31 * MINUTE, 0);
  expect(window.sampleOf(KEY)?.succeeded).toBe(1);
});

test('the 95th percentile is the upper bound of its bucket', () => {
  const window = new TrafficWindow(5 * MINUTE);
  window.add(
    scrape(0, 0, [
      ['1.0', 0],
      ['2.5', 0],
      ['+Inf', 0],
    ]),
    0,
    0,
  );
  window.add(
    scrape(100, 0, [
      ['1.0', 90],
      ['2.5', 96],
      ['+Inf', 100],
    ]),
    MINUTE,
    0,
  );
  expect(window.sampleOf(KEY)?.latencyP95Ms).toBe(2500);
});

test('requests by model are known after five readings, and older ones count less', () => {
  const window = new TrafficWindow(5 * MINUTE);
  for (let minute = 0; minute < 5; minute += 1) window.add(scrape(minute * 10, 0), minute * MINUTE, 0);
  expect(window.requestsByModel()).toBeNull();
  window.add(scrape(50, 0), 5 * MINUTE, 0);
  const requests = window.requestsByModel()?.get('a') ?? 0;
  expect(requests).toBeGreaterThan(45);
  expect(requests).toBeLessThan(50);
});

test('labels that clients could have bent are read as they were written', () => {
  const window = new TrafficWindow(5 * MINUTE);
  const line = (value: number): string =>
    `gatewayz_attempts_total{provider="one",model="a\\"} 9\\\\,b\\n",outcome="success"} ${value}\n`;
  window.add(line(0), 0, 0);
  window.add(line(3), MINUTE, 0);
  expect(window.sampleOf({ provider: 'one', model: 'a"} 9\\,b\n' })?.succeeded).toBe(3);
});
