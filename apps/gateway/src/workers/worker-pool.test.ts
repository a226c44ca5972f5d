import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ToWorker } from './worker-message.ts';
import { WorkerPool } from './worker-pool.ts';
import { restartWaitMs, type WorkerProcess } from './worker-slot.ts';

interface FakeWorker extends WorkerProcess {
  readonly heard: ToWorker[];
  readonly kill: ReturnType<typeof vi.fn<() => void>>;
}

let forked: FakeWorker[];
let leaders: number[];
let silences: [id: number, isSilent: boolean][];
let pool: WorkerPool;

beforeEach(() => {
  vi.useFakeTimers();
  forked = [];
  leaders = [];
  silences = [];
  pool = new WorkerPool({
    count: 3,
    now: () => performance.now(),
    fork() {
      const heard: ToWorker[] = [];
      const worker = {
        id: forked.length + 1,
        pid: 1000,
        heard,
        send: (message: ToWorker) => void heard.push(message),
        kill: vi.fn<() => void>(),
      };
      forked.push(worker);
      return worker;
    },
    onLead: ({ id }) => leaders.push(id),
    onSilence: ({ id }, isSilent) => silences.push([id, isSilent]),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Starts all three, and has them listen. */
async function startAll(): Promise<void> {
  const started = pool.start();
  pool.listening(1);
  await started;
  for (const id of [2, 3]) pool.listening(id);
}

const crash = { code: 1, signal: null };

test('the first worker starts alone, the others when it listens', async () => {
  const started = pool.start();
  expect(forked).toHaveLength(1);
  pool.listening(1);
  await started;
  expect(forked.map(({ id }) => pool.numberOf(id))).toEqual([1, 2, 3]);
  expect(pool.counts()).toEqual({ running: 1, silent: 0, absent: 2 });
});

test('a first worker that ends before it listens ends the start, and is not started again', async () => {
  const started = pool.start();
  pool.ended(1, crash);
  await expect(started).rejects.toThrow('before it listened');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(forked).toHaveLength(1);
});

test('one leads, and when it ends another does', async () => {
  await startAll();
  expect(leaders).toEqual([1]);
  pool.ended(3, crash);
  expect(leaders).toEqual([1]);
  pool.ended(1, crash);
  expect(leaders).toEqual([1, 2]);
});

test('a worker that has run a while is replaced at once, under its number', async () => {
  await startAll();
  await vi.advanceTimersByTimeAsync(10_000);
  pool.ended(2, crash);
  await vi.advanceTimersByTimeAsync(0);
  expect(forked).toHaveLength(4);
  expect(pool.numberOf(4)).toBe(2);
  expect(pool.numberOf(2)).toBeNull();
});

test('a crash loop waits longer each time, up to half a minute', async () => {
  await startAll();
  await vi.advanceTimersByTimeAsync(1000);
  pool.ended(2, crash);
  await vi.advanceTimersByTimeAsync(199);
  expect(forked).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(forked).toHaveLength(4);
  pool.ended(4, crash);
  await vi.advanceTimersByTimeAsync(399);
  expect(forked).toHaveLength(4);
  await vi.advanceTimersByTimeAsync(1);
  expect(forked).toHaveLength(5);
  expect([0, 1, 2, 3, 8, 9, 1000].map(restartWaitMs)).toEqual([0, 200, 400, 800, 25_600, 30_000, 30_000]);
});

test('a worker that says nothing counts as silent, and no longer when it speaks', async () => {
  await startAll();
  for (let second = 1; second <= 3; second += 1) {
    pool.check();
    for (const id of [1, 3]) pool.heard(id);
  }
  expect(silences).toEqual([[2, true]]);
  expect(pool.counts()).toEqual({ running: 2, silent: 1, absent: 0 });
  pool.heard(2);
  expect(silences).toEqual([
    [2, true],
    [2, false],
  ]);
  expect(pool.counts()).toEqual({ running: 3, silent: 0, absent: 0 });
});

test('a worker that goes on saying nothing is killed, once', async () => {
  await startAll();
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      pool.check();
      for (const id of [1, 3]) pool.heard(id);
    }
  };
  pass(29);
  expect(forked[1]?.kill).not.toHaveBeenCalled();
  pass(5);
  expect(forked.map(({ kill }) => kill.mock.calls.length)).toEqual([0, 1, 0]);
});

test('a stop has all drain, and is over when the last is gone; nobody is started again', async () => {
  await startAll();
  pool.ended(3, crash);
  const stopped = pool.stop(5000);
  expect(forked[0]?.heard).toEqual([{ kind: 'drain' }]);
  pool.ended(1, { code: 0, signal: null });
  pool.ended(2, { code: 0, signal: null });
  expect(await stopped).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(forked).toHaveLength(3);
});

test('a stop is told again to one that was still starting', async () => {
  const started = pool.start();
  pool.listening(1);
  await started;
  void pool.stop(1000);
  pool.listening(2);
  expect(forked.map(({ heard }) => heard.length)).toEqual([1, 2, 1]);
});

test('a stop kills those that outlive its deadline, and says so', async () => {
  await startAll();
  const stopped = pool.stop(5000);
  for (const id of [1, 2]) pool.ended(id, { code: 0, signal: null });
  await vi.advanceTimersByTimeAsync(4999);
  expect(forked[2]?.kill).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(forked[2]?.kill).toHaveBeenCalled();
  pool.ended(3, { code: null, signal: 'SIGKILL' });
  expect(await stopped).toBe(false);
});

test('what is told to all is not told to who said it', async () => {
  await startAll();
  pool.send({ kind: 'collect', round: 1 }, 2);
  expect(forked.map(({ heard }) => heard.length)).toEqual([1, 0, 1]);
});
