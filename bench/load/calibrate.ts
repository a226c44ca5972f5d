import { request } from 'node:http';
import { streamChunks, streamTerminator } from '../upstream-answers.ts';
import type { Endpoint } from './job.ts';
import { requestBody } from './request-bytes.ts';

function ask(
  endpoint: Endpoint,
  stream: boolean,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: endpoint.port,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { ...endpoint.headers, 'content-type': 'application/json' },
        agent: false,
        timeout: 10_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on('error', reject);
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
    call.on('error', reject);
    call.end(requestBody(stream));
  });
}

function isWholeCompletion(body: string): boolean {
  const answer: unknown = JSON.parse(body);
  return (
    typeof answer === 'object' && answer !== null && 'usage' in answer && body.includes('look at it later.')
  );
}

function isWholeStream(body: string): boolean {
  const contents = body
    .split('\n')
    .filter((line) => line.startsWith('data: {') && line.includes('"content":"'));
  return contents.length === streamChunks && body.endsWith(streamTerminator);
}

/**
 * Asks once, looks at the whole answer, and returns its body's length in bytes: later answers are held to it.
 * @throws Error when the answer is not the upstream's
 */
export async function calibrate(endpoint: Endpoint, stream: boolean): Promise<number> {
  const { status, body } = await ask(endpoint, stream);
  const text = body.toString();
  if (status !== 200 || !(stream ? isWholeStream(text) : isWholeCompletion(text))) {
    throw new Error(`not the upstream's answer: status ${status}, ${text.slice(0, 200)}`);
  }
  return body.length;
}
