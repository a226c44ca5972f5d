import type { IncomingMessage } from 'node:http';

const bytesBefore: unique symbol = Symbol('gatewayz.bytesBefore');
type ChunkedRequest = IncomingMessage & { [bytesBefore]?: number };

/** A chunk of a single byte needs six of overhead; the rest of a read may belong to the requests behind. */
const OVERHEAD_PER_BYTE = 16;
const FREE_BYTES = 131_072;

/** Remembers where on its connection the body of a chunked request begins, to within one read. */
export function noteChunkedBody(request: IncomingMessage): void {
  (request as ChunkedRequest)[bytesBefore] = request.socket.bytesRead;
}

/**
 * Whether the body took far more bytes than it holds: chunk extensions, which the HTTP parser bounds for each
 * chunk alone. False where the beginning was not noted.
 */
export function isChunkFlood(request: IncomingMessage, bodyBytes: number): boolean {
  const before = (request as ChunkedRequest)[bytesBefore];
  if (before === undefined) return false;
  return request.socket.bytesRead - before > FREE_BYTES + OVERHEAD_PER_BYTE * bodyBytes;
}
