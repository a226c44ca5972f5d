import type { IncomingMessage } from 'node:http';
import { RequestRefused } from './openai-error.ts';

const maxBodyBytes = 4 * 1024 * 1024;

/** Reads a JSON body of at most 4 MiB. Throws `RequestRefused`: 413 beyond that, 415 if encoded, 400 if not JSON. */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new RequestRefused(415, 'Encoded request bodies are not supported.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // A body that is too large is read to its end but not kept: a client that is still writing misses an early answer.
    if (bytes <= maxBodyBytes) chunks.push(chunk);
  }
  if (bytes > maxBodyBytes) throw new RequestRefused(413, `The body is larger than ${maxBodyBytes} bytes.`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new RequestRefused(400, 'The body is not valid JSON.');
  }
}
