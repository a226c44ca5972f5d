import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { ProxyFault } from './proxy-pipe.ts';
import { ProxyPipe } from './proxy-pipe.ts';

export interface ChaosProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  readonly fault?: ProxyFault;
}

export interface ProxyStats {
  readonly connections: number;
  readonly openConnections: number;
  /** Bytes passed on in each direction. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** A TCP proxy on loopback that can be told to misbehave. */
export interface ChaosProxy extends AsyncDisposable {
  readonly port: number;
  /** Holds from now on for new connections and, but for `refuse`, for open ones; `{}` heals. */
  setFault(fault: ProxyFault): void;
  /** Destroys (FIN) or resets (RST) every open connection. */
  dropConnections(how: 'close' | 'reset'): void;
  stats(): ProxyStats;
  close(): Promise<void>;
}

class LoopbackProxy implements ChaosProxy {
  readonly #server: Server;
  readonly #target: ChaosProxyOptions['target'];
  readonly #pipes = new Set<readonly [ProxyPipe, ProxyPipe]>();
  readonly #sockets = new Set<Socket>();
  #fault: ProxyFault;
  #connections = 0;
  #finishedUp = 0;
  #finishedDown = 0;

  constructor({ target, fault = {} }: ChaosProxyOptions) {
    this.#target = target;
    this.#fault = fault;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  setFault(fault: ProxyFault): void {
    this.#fault = fault;
    for (const pair of this.#pipes) for (const pipe of pair) pipe.setFault(fault);
  }

  dropConnections(how: 'close' | 'reset'): void {
    for (const socket of this.#sockets) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  stats(): ProxyStats {
    const open = [...this.#pipes];
    return {
      connections: this.#connections,
      openConnections: open.length,
      bytesUp: open.reduce((sum, [up]) => sum + up.bytesPassed, this.#finishedUp),
      bytesDown: open.reduce((sum, [, down]) => sum + down.bytesPassed, this.#finishedDown),
    };
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.dropConnections('close');
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(client: Socket): void {
    this.#connections += 1;
    if (this.#fault.refuse === true) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    const up = new ProxyPipe(client, target, 'up', this.#fault);
    const down = new ProxyPipe(target, client, 'down', this.#fault);
    const pair = [up, down] as const;
    this.#pipes.add(pair);
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', (hadError) => {
        this.#sockets.delete(socket);
        this.#forget(pair);
        if (!hadError && !other.writableEnded) other.destroy();
      });
    }
  }

  #forget(pair: readonly [ProxyPipe, ProxyPipe]): void {
    const [up, down] = pair;
    if (!this.#pipes.delete(pair)) return;
    for (const pipe of pair) pipe.stop();
    this.#finishedUp += up.bytesPassed;
    this.#finishedDown += down.bytesPassed;
  }
}

/** Starts a proxy in front of a TCP target, passing bytes through unless `fault` says otherwise. */
export async function startChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const proxy = new LoopbackProxy(options);
  await proxy.listen();
  return proxy;
}
