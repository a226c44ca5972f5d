import { connect, type Socket } from 'node:net';

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;

/** One request as bytes, and whether its answer has no body whatever its headers say. */
export interface PipelinedRequest {
  readonly bytes: string;
  readonly isHead: boolean;
}

/**
 * Sends requests over one keep-alive connection, up to `depth` ahead of their answers, and gives each status to
 * `onStatus`. Answers must have a content length. Rejects where the server closes before the last answer.
 */
export function sendPipelined(
  port: number,
  requests: Iterator<PipelinedRequest>,
  depth: number,
  onStatus: (status: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const waiting: PipelinedRequest[] = [];
    let rest = Buffer.alloc(0);
    fill(socket, requests, waiting, depth);
    socket.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (;;) {
        const answer = readAnswer(rest, waiting[0]?.isHead ?? false);
        if (answer === null) break;
        rest = rest.subarray(answer.end);
        waiting.shift();
        onStatus(answer.status);
      }
      if (waiting.length <= depth / 2) fill(socket, requests, waiting, depth);
      if (waiting.length === 0) socket.end();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      if (waiting.length === 0) resolve();
      else reject(new Error(`the server closed the connection on ${JSON.stringify(waiting[0]?.bytes)}`));
    });
  });
}

function fill(
  socket: Socket,
  requests: Iterator<PipelinedRequest>,
  waiting: PipelinedRequest[],
  depth: number,
): void {
  let bytes = '';
  while (waiting.length < depth) {
    const { done, value } = requests.next();
    if (done === true) break;
    waiting.push(value);
    bytes += value.bytes;
  }
  if (bytes !== '') socket.write(bytes);
}

function readAnswer(
  bytes: Buffer,
  isHead: boolean,
): { readonly status: number; readonly end: number } | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(STATUS_LINE.exec(head)?.[1]);
  const length = isHead ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(status + length)) throw new Error(`an answer that cannot be read: ${head}`);
  const end = headEnd + 4 + length;
  return end <= bytes.length ? { status, end } : null;
}
