import type { Socket } from 'node:net';
import { HEALTH_PATHS, type HealthPath } from './health-script.ts';

/** Exact counts, since the start or the last `clear()`. */
export interface HealthServiceStats {
  readonly requests: Readonly<Record<HealthPath, number>>;
  /** Requests of any other path; they are answered 404. */
  readonly strayRequests: number;
  /** Requests that are being answered now. */
  readonly open: number;
  /** The most requests that were ever being answered at once. */
  readonly mostOpen: number;
  readonly mostOpenByPath: Readonly<Record<HealthPath, number>>;
  readonly connections: number;
  readonly openConnections: number;
  /** Bytes handed to the sockets, heads included. */
  readonly bytesSent: number;
}

type Counts = Record<HealthPath, number>;

function zeros(): Counts {
  return { '/health': 0, '/status': 0, '/metrics': 0, '/cache/stats': 0 };
}

/** Counts requests as they begin and end, and the bytes of their connections. */
export class RequestCounts {
  readonly #open: Counts = zeros();
  readonly #sockets = new Set<Socket>();
  #requests = zeros();
  #mostOpenByPath = zeros();
  #mostOpen = 0;
  #stray = 0;
  #connections = 0;
  #bytesOfClosed = 0;

  connected(socket: Socket): void {
    this.#connections += 1;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#bytesOfClosed += socket.bytesWritten;
    });
  }

  strayed(): void {
    this.#stray += 1;
  }

  /** A request of this path began; what is returned is to be called when it ends. */
  began(path: HealthPath): () => void {
    this.#requests[path] += 1;
    this.#open[path] += 1;
    this.#mostOpenByPath[path] = Math.max(this.#mostOpenByPath[path], this.#open[path]);
    this.#mostOpen = Math.max(this.#mostOpen, this.#allOpen());
    return () => {
      this.#open[path] -= 1;
    };
  }

  /** Starts anew; requests that are being answered stay open. */
  clear(): void {
    this.#requests = zeros();
    this.#mostOpenByPath = { ...this.#open };
    this.#mostOpen = this.#allOpen();
    this.#stray = 0;
    this.#connections = 0;
    // What open connections have sent so far is taken off, for it will be added when they close.
    this.#bytesOfClosed = -this.#bytesOfOpen();
  }

  stats(): HealthServiceStats {
    return {
      requests: { ...this.#requests },
      strayRequests: this.#stray,
      open: this.#allOpen(),
      mostOpen: this.#mostOpen,
      mostOpenByPath: { ...this.#mostOpenByPath },
      connections: this.#connections,
      openConnections: this.#sockets.size,
      bytesSent: this.#bytesOfClosed + this.#bytesOfOpen(),
    };
  }

  #bytesOfOpen(): number {
    return [...this.#sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0);
  }

  #allOpen(): number {
    return HEALTH_PATHS.reduce((sum, path) => sum + this.#open[path], 0);
  }
}
