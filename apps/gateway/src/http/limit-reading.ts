import type { Socket } from 'node:net';

/**
 * Nobody waits for an answer that has been handed over: where the client does not read it, its connection ends
 * after `writeTimeoutMs`.
 */
export function limitReading(socket: Socket | null, writeTimeoutMs: number): void {
  if (socket !== null && socket.writableLength > 0) socket.setTimeout(writeTimeoutMs);
}
