import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isAnswering } from './broken-request.ts';

const SWEEP_MS = 100;

/** The connections of a server, to be let go of one by one while it closes. */
export interface IdleConnections {
  /** From now until the server has closed: ends every connection that has no request under way, as soon as it has none. */
  release(): void;
}

/**
 * Keeps the connections of a server. Node itself lets go of the idle ones only once, when the server begins to
 * close: one that falls idle later, or that never sent anything, would hold up the exit until its timeout.
 */
export function keepConnections(server: Server): IdleConnections {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    release() {
      const sweep = setInterval(() => {
        for (const socket of sockets) if (!isAnswering(socket)) socket.destroy();
      }, SWEEP_MS);
      server.once('close', () => clearInterval(sweep));
    },
  };
}
