/**
 * The upstream of the bench: an OpenAI-shaped server on raw sockets that answers at once.
 *
 * Run as a process: `PORT=9001 node bench/upstream.ts`. `STREAM_WRITES` (default 1) is the number of socket
 * writes that one streamed answer is spread over, one per turn of the event loop.
 */
import { createServer, type Socket } from 'node:net';
import { jsonAnswer, splitAnswer, streamAnswer } from './upstream-answers.ts';

const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const STREAMED = Buffer.from('"stream":true');
const WITH_USAGE = Buffer.from('"include_usage":true');

const streamWrites = Number(process.env.STREAM_WRITES ?? 1);
const plain = jsonAnswer();
const stream = splitAnswer(streamAnswer(false), streamWrites);
const streamUsage = splitAnswer(streamAnswer(true), streamWrites);

function writeInTurns(socket: Socket, pieces: readonly Buffer[], index: number): void {
  const piece = pieces[index];
  if (piece === undefined || socket.destroyed) {
    return;
  }
  socket.write(piece);
  if (index + 1 < pieces.length) {
    setImmediate(writeInTurns, socket, pieces, index + 1);
  }
}

function answer(socket: Socket, body: Buffer): void {
  if (!body.includes(STREAMED)) {
    socket.write(plain);
    return;
  }
  writeInTurns(socket, body.includes(WITH_USAGE) ? streamUsage : stream, 0);
}

/** The number of bytes of the first whole request in `input`, answered; 0 where it is not whole yet. */
function answerFirst(socket: Socket, input: Buffer): number {
  const headEnd = input.indexOf(HEAD_END);
  if (headEnd < 0) {
    return 0;
  }
  const bodyStart = headEnd + HEAD_END.length;
  const length = Number(CONTENT_LENGTH.exec(input.toString('latin1', 0, headEnd))?.[1] ?? 0);
  const end = bodyStart + length;
  if (input.length < end) {
    return 0;
  }
  answer(socket, input.subarray(bodyStart, end));
  return end;
}

function serve(socket: Socket): void {
  let pending: Buffer | undefined;
  socket.on('data', (chunk: Buffer) => {
    let input = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    for (let used = answerFirst(socket, input); used > 0; used = answerFirst(socket, input)) {
      input = input.subarray(used);
      if (input.length === 0) {
        break;
      }
    }
    pending = input.length === 0 ? undefined : input;
  });
  socket.on('error', () => socket.destroy());
}

createServer({ noDelay: true }, serve).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
