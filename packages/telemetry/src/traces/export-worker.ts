import { parentPort, workerData } from 'node:worker_threads';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import type { BatchMessage, ExportThreadData, ResultMessage, SpanBatch } from './export-thread.ts';
import { type BatchResult, createOtlpSender } from './otlp-sender.ts';
import { readSpanCells } from './readable-spans.ts';

const { otlp, resource: attributes } = workerData as ExportThreadData;
const resource = defaultResource().merge(resourceFromAttributes(attributes));
const sender = createOtlpSender(otlp);

async function exportBatch({ cells, origin, spans }: SpanBatch): Promise<BatchResult> {
  try {
    const body = ProtobufTraceSerializer.serializeRequest(readSpanCells(cells, origin, resource));
    if (body !== undefined) return await sender.send(body, spans);
  } catch {
    // Told below: a batch that cannot be written is not worth the thread.
  }
  return { exported: 0, problem: 'spans could not be serialized' };
}

parentPort?.on('message', async ({ id, batch }: BatchMessage) => {
  const result = await exportBatch(batch);
  parentPort?.postMessage({ id, result } satisfies ResultMessage);
});
