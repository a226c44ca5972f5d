import { once } from 'node:events';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from './certificates.ts';

/** A port that speaks TLS, or that never answers a handshake, before a provider that does not. */
export interface TlsFront {
  /** The base URL under the name `localhost`. */
  readonly url: string;
  /** Connections accepted so far, and those that are open. */
  connections(): { readonly accepted: number; readonly open: number };
  close(): Promise<void>;
}

/** Ends TLS with a certificate and passes the bytes on to a port of loopback. */
export function startTlsFront(certificate: Certificate, providerPort: number): Promise<TlsFront> {
  return listen(
    createTlsServer({ ...certificate }, (socket) => {
      const provider = connect(providerPort, '127.0.0.1');
      socket.pipe(provider).pipe(socket);
      for (const [one, other] of [
        [socket, provider],
        [provider, socket],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    }),
  );
}

/** Accepts connections and never says a word on them. */
export function startSilentFront(): Promise<TlsFront> {
  return listen(createTcpServer((socket) => socket.on('error', () => undefined).resume()));
}

async function listen(server: Server): Promise<TlsFront> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that does not trust us says so and leaves.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}/v1`,
    connections: () => ({ accepted, open: sockets.size }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
