import { connect } from 'node:net';

export interface RawRequestOptions {
  readonly host?: string;
  /** When to stop waiting for the server's close; default 2,000 ms. */
  readonly timeoutMs?: number;
  /** Stops, and closes the connection, as soon as the answer so far satisfies it. */
  readonly until?: (text: string) => boolean;
}

/** Everything that came back for some raw bytes. */
export interface RawAnswer {
  readonly bytes: Buffer;
  /** The bytes as Latin-1. */
  readonly text: string;
  /** The statuses of the status lines in it, in order. */
  readonly statuses: readonly number[];
  /** `server`: it closed (FIN). `reset`: RST or a failed write. `timeout`: still open. `until`: as asked. */
  readonly closedBy: 'server' | 'reset' | 'timeout' | 'until';
}

function toAnswer(parts: readonly Buffer[], closedBy: RawAnswer['closedBy']): RawAnswer {
  const bytes = Buffer.concat(parts);
  const text = bytes.toString('latin1');
  const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})[ \r]/g)].map((match) => Number(match[1]));
  return { bytes, text, statuses, closedBy };
}

/** Sends bytes, or several parts as separate writes, to a port as they are and gathers all that comes back. */
export function rawRequest(
  port: number,
  bytes: string | Uint8Array | readonly (string | Uint8Array)[],
  options: RawRequestOptions = {},
): Promise<RawAnswer> {
  const { host = '127.0.0.1', timeoutMs = 2000, until } = options;
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host, port, noDelay: true });
    const finish = (closedBy: RawAnswer['closedBy']): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(toAnswer(parts, closedBy));
    };
    const timer = setTimeout(() => finish('timeout'), timeoutMs);
    socket.once('connect', () => {
      const writes = Array.isArray(bytes) ? bytes : [bytes];
      for (const part of writes) socket.write(Buffer.from(part));
    });
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      if (until?.(Buffer.concat(parts).toString('latin1')) === true) finish('until');
    });
    socket.once('end', () => finish('server'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error.code === 'ECONNREFUSED') reject(error);
      else finish('reset');
    });
  });
}
