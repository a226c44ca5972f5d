import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** A function that, from the first request that has a server, runs `close` when that server closes. */
export function closeWithServer(close: () => void): (request: IncomingMessage) => void {
  let isWatching = false;
  return (request) => {
    if (isWatching) return;
    isWatching = true;
    // Node keeps the server with each of its connections; without one the application closes by itself.
    const { server } = request.socket as Socket & { readonly server?: { once?: unknown } };
    if (typeof server?.once === 'function') server.once('close', close);
  };
}
