import { parentPort, workerData } from 'node:worker_threads';
import type { BatchMessage, ExportThreadData, ResultMessage } from './export-thread.ts';
import { createOtlpSender } from './otlp-sender.ts';

const { otlp } = workerData as ExportThreadData;
const sender = createOtlpSender(otlp);

parentPort?.on('message', async ({ id, batch }: BatchMessage) => {
  const result = await sender.send(batch.body, batch.spans);
  parentPort?.postMessage({ id, result } satisfies ResultMessage);
});
