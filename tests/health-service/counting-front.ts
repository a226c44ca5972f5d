import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that came in, and how it ended. */
export interface SeenRequest {
  readonly path: string;
  /** Unix milliseconds. */
  readonly endedAtMs: number;
  /** Whether a whole answer of status 200 went out. */
  readonly isAnswered: boolean;
}

/** An HTTP proxy in front of a service that may be gone, with its own count of what became of each request. */
export interface CountingFront extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** How many requests of a path, or of all of them, went unanswered. */
  failed(path?: string): number;
}

/** Starts a front on loopback. A request that cannot be answered loses its connection without a byte. */
export async function startCountingFront(target: string): Promise<CountingFront> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    response.once('close', () => {
      const isAnswered = response.writableFinished && response.statusCode === 200;
      seen.push({ path, endedAtMs: Date.now(), isAnswered });
    });
    passOn(new URL(path, target), request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    failed: (path) =>
      seen.filter((one) => !one.isAnswered && (path === undefined || one.path === path)).length,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Nothing goes out before the whole answer is there, so that half an answer is none. */
function passOn(url: URL, { headers }: IncomingMessage, response: ServerResponse): void {
  const giveUp = (): void => void response.destroy();
  get(url, { agent: false, headers }, async (answer) => {
    try {
      const body = Buffer.concat(await answer.toArray());
      response.writeHead(answer.statusCode ?? 502, answer.headers).end(body);
    } catch {
      giveUp();
    }
  }).on('error', giveUp);
}
