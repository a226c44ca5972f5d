import type { EndpointAnswer } from '@gatewayz/observability';
import { expect, test, vi } from 'vitest';
import type { BreakerNews } from './breaker-relay.ts';
import type { GatheredMetrics } from './gathered-metrics.ts';
import { createHearing } from './hear-worker.ts';
import type { ToWorker } from './worker-message.ts';

const ANSWER: EndpointAnswer = { status: 200, headers: {}, body: Buffer.from('a 1.0\n') };
const FORCED: BreakerNews = {
  provider: 'groq',
  model: null,
  atMs: 0,
  event: 'forced',
  saved: { version: 1, kind: 'forced', position: 'open', reason: 'maintenance', agoMs: 0 },
};

function stage() {
  const sent: ToWorker[] = [];
  const pool = { numberOf: () => 2, listening: vi.fn(), heard: vi.fn(), send: vi.fn() };
  const received = vi.fn<GatheredMetrics['received']>();
  const urls: string[] = [];
  const hear = createHearing({
    pool,
    machine: { gathered: { received } as unknown as GatheredMetrics, answer: async () => ANSWER },
    start: { port: 8000, generatedKey: 'gz-1' },
    onListening: (url) => urls.push(url),
  });
  const worker = { id: 7, pid: 1, send: (message: ToWorker) => void sent.push(message), kill: vi.fn() };
  return { sent, pool, received, urls, worker, hear };
}

test('a worker that says hello is told its number, the port and the key', () => {
  const { hear, worker, sent } = stage();
  hear(worker, { kind: 'hello' });
  expect(sent).toEqual([{ kind: 'start', number: 2, port: 8000, generatedKey: 'gz-1' }]);
});

test('what a worker learned of a breaker goes to the others, and to one that listens later', () => {
  const { hear, worker, sent, pool, urls } = stage();
  hear(worker, { kind: 'breaker', news: FORCED });
  expect(pool.send).toHaveBeenCalledWith({ kind: 'breaker', news: FORCED }, 7);
  expect(sent).toEqual([]);
  hear(worker, { kind: 'listening', url: 'http://127.0.0.1:8000' });
  expect(sent).toEqual([{ kind: 'breaker', news: FORCED }]);
  expect(pool.listening).toHaveBeenCalledWith(7);
  expect(urls).toEqual(['http://127.0.0.1:8000']);
});

test('counts are a sign of life, and are kept', () => {
  const { hear, worker, pool, received } = stage();
  hear(worker, { kind: 'counts', round: 3, snapshot: [] });
  expect(pool.heard).toHaveBeenCalledWith(7);
  expect(received).toHaveBeenCalledWith(7, [], 3);
});

test('a question is answered to who asked it', async () => {
  const { hear, worker, sent } = stage();
  hear(worker, { kind: 'ask', question: 5, url: '/metrics', headers: {} });
  await vi.waitFor(() => expect(sent).toEqual([{ kind: 'answer', question: 5, answer: ANSWER }]));
});
