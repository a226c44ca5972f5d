import { createProviderHealth, type HealthTransition, type ProviderHealth } from '@gatewayz/provider-health';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BreakerBoard } from './breaker-board.ts';
import { type BreakerNews, hearNews, toNews } from './breaker-relay.ts';

const OPEN_MS = 30_000;

interface FakeWorker {
  readonly health: ProviderHealth;
  readonly told: BreakerNews[];
  trip(model?: string): void;
  state(model?: string): string;
}

let workers: FakeWorker[];
let board: BreakerBoard;

beforeEach(() => {
  vi.useFakeTimers();
  board = new BreakerBoard();
  workers = [];
  for (let count = 0; count < 2; count += 1) workers.push(createWorker());
});

afterEach(() => {
  vi.useRealTimers();
});

function createWorker(): FakeWorker {
  const told: BreakerNews[] = [];
  const breakerOf = (model?: string): ProviderHealth['breaker'] =>
    model === undefined ? health.breaker : health.model(model).breaker;
  const onTransition = (transition: HealthTransition): void => {
    const news = toNews(transition, health);
    if (news === null) return;
    told.push(news);
    board.put(news);
    for (const other of workers) if (other !== worker) hearNews(news, other.health, performance.now());
  };
  const health: ProviderHealth = createProviderHealth({
    provider: 'groq',
    random: () => 0,
    breaker: { consecutiveFailures: 2, openMs: OPEN_MS, jitter: 0, closeAfter: 1 },
    onTransition,
  });
  const worker: FakeWorker = {
    health,
    told,
    trip(model) {
      for (let failures = 0; failures < 2; failures += 1) end(breakerOf(model), 'failure');
    },
    state: (model) => breakerOf(model).state(performance.now()).kind,
  };
  return worker;
}

function end(breaker: ProviderHealth['breaker'], verdict: 'success' | 'failure'): void {
  const permit = breaker.tryAcquire(performance.now());
  if (permit !== null) breaker.end(permit, verdict, performance.now());
}

const states = (model?: string): string[] => workers.map((worker) => worker.state(model));

test('a trip in one worker opens the breaker in the others, which do not tell it again', () => {
  workers[0]?.trip('llama');
  expect(states('llama')).toEqual(['open', 'open']);
  expect(states()).toEqual(['closed', 'closed']);
  expect(workers.map(({ told }) => told.length)).toEqual([1, 0]);
  vi.advanceTimersByTime(OPEN_MS);
  expect(states('llama')).toEqual(['half_open', 'half_open']);
});

test('a breaker that closes by its probes closes everywhere', () => {
  workers[0]?.trip('llama');
  vi.advanceTimersByTime(OPEN_MS);
  const breaker = workers[1]?.health.model('llama').breaker;
  if (breaker !== undefined) end(breaker, 'success');
  expect(states('llama')).toEqual(['closed', 'closed']);
  expect(board.standing()).toEqual([]);
});

test('an operator’s word holds in every worker until it is taken back', () => {
  workers[0]?.health.breaker.forceOpen('maintenance', performance.now());
  expect(states()).toEqual(['forced', 'forced']);
  workers[1]?.trip('llama');
  expect(states()).toEqual(['forced', 'forced']);
  workers[1]?.health.breaker.auto(performance.now());
  expect(states()).toEqual(['half_open', 'half_open']);
});

test('a forced breaker does not open by what another worker saw', () => {
  workers[1]?.health.breaker.forceClosed('needed', performance.now());
  const news = { ...(workers[1]?.told[0] as BreakerNews), event: 'opened' as const };
  const open = {
    version: 1,
    kind: 'open',
    reason: 'failure_ratio',
    agoMs: 0,
    remainingMs: 9,
    opensInRow: 1,
  } as const;
  const [first] = workers;
  if (first !== undefined) hearNews({ ...news, saved: open }, first.health, performance.now());
  expect(states()).toEqual(['forced', 'forced']);
});

test('a worker that starts later hears what still holds, for the time that is left', () => {
  workers[0]?.trip('llama');
  workers[0]?.health.breaker.forceOpen('maintenance', performance.now());
  vi.advanceTimersByTime(OPEN_MS - 1000);
  const late = createWorker();
  for (const news of board.standing()) hearNews(news, late.health, performance.now());
  expect([late.state('llama'), late.state()]).toEqual(['open', 'forced']);
  vi.advanceTimersByTime(1000);
  expect(late.state('llama')).toBe('half_open');
  expect(board.standing().map(({ event }) => event)).toEqual(['forced']);
});
