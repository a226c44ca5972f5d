import { workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { deliverBatch } from './deliver-batch.ts';
import { readEntries } from './push-entries.ts';
import { createPush } from './push-request.ts';
import { retryDelayMs } from './retry-delay.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

const { port, target, timing, signal } = workerData as WorkerStart;
const push = createPush(target, timing.timeoutMs);
const sent = new Int32Array(signal);
const HURRIED_WAIT_MS = 100;

let isHurried = false;
let wake: (() => void) | null = null;

function send(message: FromWorker): void {
  port.postMessage(message);
  Atomics.add(sent, 0, 1);
  Atomics.notify(sent, 0);
}

function wait(failures: number, retryAfter: string): Promise<void> {
  const delayMs = retryDelayMs(failures, retryAfter, timing);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, isHurried ? Math.min(delayMs, HURRIED_WAIT_MS) : delayMs);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function deliver({ bytes, labels }: Extract<ToWorker, { readonly kind: 'push' }>): Promise<void> {
  const delivery = await deliverBatch(readEntries(bytes), labels, {
    push,
    // On this thread, not in the pool that the whole process shares.
    compress: (json) => gzipSync(json, { level: 1 }),
    wait,
    onTrouble: (reason) => send({ kind: 'trouble', reason }),
  });
  send({ kind: 'done', ...delivery });
}

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'push':
      void deliver(message);
      return;
    case 'hurry':
      isHurried = message.isHurried;
      if (isHurried) wake?.();
      return;
    default:
      return message satisfies never;
  }
});
