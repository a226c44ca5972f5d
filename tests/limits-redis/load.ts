import type { RunningGateway } from '@gatewayz/testkit';
import { vi } from 'vitest';
import { chat, PATIENT } from './redis-stage.ts';

/** One request as its client saw it. */
export interface Seen {
  readonly status: number;
  readonly tookMs: number;
}

/** Clients that send one request after the other, until they are told to stop. */
export interface Load {
  /** Every answer so far. */
  readonly seen: readonly Seen[];
  /** Waits for so many more answers, and gives them. */
  next(count: number): Promise<readonly Seen[]>;
  stop(): Promise<readonly Seen[]>;
}

/** Starts so many clients of each gateway, all with one key. */
export function startLoad(gateways: readonly RunningGateway[], clientsEach: number, key: string): Load {
  const seen: Seen[] = [];
  let isOver = false;
  const run = async (gateway: RunningGateway): Promise<void> => {
    while (!isOver) {
      const startMs = performance.now();
      const { status } = await chat(gateway, key);
      seen.push({ status, tookMs: performance.now() - startMs });
    }
  };
  const clients = gateways.flatMap((gateway) => Array.from({ length: clientsEach }, () => run(gateway)));
  return {
    seen,
    async next(count) {
      const from = seen.length;
      await vi.waitUntil(() => seen.length >= from + count, PATIENT);
      return seen.slice(from);
    },
    async stop() {
      isOver = true;
      await Promise.all(clients);
      return seen;
    },
  };
}

/** The time that half of the answers took at most. */
export function medianMs(seen: readonly Seen[]): number {
  const times = seen.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}
