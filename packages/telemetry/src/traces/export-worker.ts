import { parentPort, workerData } from 'node:worker_threads';
import type { BatchMessage, ExportWorkerData, ResultMessage } from './export-thread.ts';
import { createOtlpSender } from './otlp-sender.ts';

const { otlp, settled } = workerData as ExportWorkerData;
const sender = createOtlpSender(otlp);
const settledCount = new Int32Array(settled);

parentPort?.on('message', async ({ id, batch }: BatchMessage) => {
  const result = await sender.send(batch.body, batch.spans);
  parentPort?.postMessage({ id, result } satisfies ResultMessage);
  Atomics.add(settledCount, 0, 1);
  Atomics.notify(settledCount, 0);
});
