import type { Socket } from 'node:net';

/** `up`: from the client to the target. */
export type ProxyDirection = 'up' | 'down';

/** What a proxy does to bytes; fields combine. */
export interface ProxyFault {
  /** Default both. */
  readonly direction?: ProxyDirection;
  /** Each piece of bytes is held that long; order is kept. */
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
  /** Each write is at most that long. */
  readonly sliceBytes?: number;
  /** Nothing passes and nothing is read; the connection stays open. */
  readonly blackhole?: boolean;
  /** After so many bytes in that direction, counted from the connection's start, it ends. */
  readonly cutAfterBytes?: number;
  /** How a cut ends it; default `close` (FIN). */
  readonly cutBy?: 'close' | 'reset';
  /** The end of one side is told to the other that much later. */
  readonly closeDelayMs?: number;
  /** New connections are reset as soon as they are accepted. */
  readonly refuse?: boolean;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Carries the bytes of one direction of one connection, under a fault that may change at any time. */
export class ProxyPipe {
  bytesPassed = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #direction: ProxyDirection;
  #fault: ProxyFault = {};
  #tail: Promise<void> = Promise.resolve();
  #isStopped = false;
  #wake: (() => void) | null = null;

  constructor(from: Socket, to: Socket, direction: ProxyDirection, fault: ProxyFault) {
    this.#from = from;
    this.#to = to;
    this.#direction = direction;
    this.setFault(fault);
    from.on('data', (bytes: Buffer) => this.#enqueue(bytes));
    from.on('end', () => this.#enqueueEnd());
  }

  setFault(fault: ProxyFault): void {
    const isMine = fault.direction === undefined || fault.direction === this.#direction;
    this.#fault = isMine ? fault : {};
    if (this.#fault.blackhole !== true) this.#release();
  }

  stop(): void {
    this.#isStopped = true;
    this.#release();
  }

  #release(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Reading stops while a piece is under way, so that a slow pipe pushes back instead of growing. */
  #enqueue(bytes: Buffer): void {
    const arrivedMs = performance.now();
    if (this.#fault.latencyMs === undefined) this.#from.pause();
    this.#tail = this.#tail.then(async () => {
      await this.#carry(bytes, arrivedMs);
      this.#from.resume();
    });
  }

  #enqueueEnd(): void {
    this.#tail = this.#tail.then(async () => {
      await this.#passable();
      const { closeDelayMs = 0 } = this.#fault;
      if (closeDelayMs > 0) await pause(closeDelayMs);
      if (!this.#isStopped) this.#to.end();
    });
  }

  async #passable(): Promise<void> {
    while (this.#fault.blackhole === true && !this.#isStopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #carry(bytes: Buffer, arrivedMs: number): Promise<void> {
    let rest = bytes;
    while (rest.length > 0 && !this.#isStopped) {
      await this.#passable();
      const heldMs = arrivedMs + (this.#fault.latencyMs ?? 0) - performance.now();
      if (heldMs > 0) await pause(heldMs);
      const piece = rest.subarray(0, this.#pieceBytes());
      if (piece.length === 0) return this.#cut();
      await this.#write(piece);
      rest = rest.subarray(piece.length);
    }
  }

  #pieceBytes(): number {
    const { sliceBytes, bytesPerSecond, cutAfterBytes } = this.#fault;
    const perTick = bytesPerSecond === undefined ? Number.POSITIVE_INFINITY : Math.ceil(bytesPerSecond / 50);
    const untilCut =
      cutAfterBytes === undefined ? Number.POSITIVE_INFINITY : cutAfterBytes - this.bytesPassed;
    return Math.max(0, Math.min(sliceBytes ?? Number.POSITIVE_INFINITY, perTick, untilCut));
  }

  async #write(piece: Buffer): Promise<void> {
    const { sliceBytes, bytesPerSecond, cutAfterBytes } = this.#fault;
    if (this.#isStopped || this.#to.destroyed) return;
    const isFlowing = this.#to.write(piece);
    this.bytesPassed += piece.length;
    if (!isFlowing) await this.#drained();
    if (bytesPerSecond !== undefined) await pause((piece.length / bytesPerSecond) * 1000);
    else if (sliceBytes !== undefined) await new Promise((resolve) => setImmediate(resolve));
    if (cutAfterBytes !== undefined && this.bytesPassed >= cutAfterBytes) await this.#cut();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#to.off('drain', done);
        this.#to.off('close', done);
        resolve();
      };
      this.#to.once('drain', done);
      this.#to.once('close', done);
    });
  }

  async #cut(): Promise<void> {
    await new Promise<void>((resolve) => this.#to.write('', () => resolve()));
    for (const socket of [this.#to, this.#from]) {
      if (this.#fault.cutBy === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
    this.stop();
  }
}
