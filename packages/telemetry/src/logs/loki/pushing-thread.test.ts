import { startFakeLoki } from '@gatewayz/testkit';
import { expect, it } from 'vitest';
import { startWorkerThread } from './pushing-thread.ts';
import type { FromWorker } from './worker-messages.ts';

const TIMING = { timeoutMs: 1_000, backoffMs: 1, maxBackoffMs: 1 };
const LINES = Buffer.from('0 1 \nfirst\n0 2 \nsecond\n');

it('says that it ended, and why, when it breaks', async () => {
  const reason = await new Promise<string>((resolve) => {
    const thread = startWorkerThread({ url: 'http://127.0.0.1:9/', headers: {} }, TIMING, {
      onMessage: () => {},
      onEnd: resolve,
    });
    thread.send({ kind: 'push', bytes: null as never, labels: [] });
  });
  expect(reason).toMatch(/null/);
});

it('can be waited for while the event loop stands still', async () => {
  // The port is open, nobody answers on it, and after 10 ms the thread says so.
  await using loki = await startFakeLoki();
  loki.setScript({ kind: 'hang' });
  const messages: FromWorker[] = [];
  const thread = startWorkerThread(
    { url: `${loki.url}/loki/api/v1/push`, headers: {} },
    { ...TIMING, timeoutMs: 10 },
    { onMessage: (message) => messages.push(message), onEnd: () => {} },
  );
  thread.send({ kind: 'push', bytes: new Uint8Array(LINES), labels: ['{"app":"a"}'] });
  thread.receiveSync(20_000);
  thread.kill();
  expect(messages[0]).toEqual({ kind: 'trouble', reason: 'no answer in 10 ms' });
});
