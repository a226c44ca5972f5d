import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Reply } from './openai-error.ts';

/** One request in progress: its answer, and what ends it early. */
export interface Exchange {
  /** Aborted when the client leaves, when the provider goes down and when the sandbox closes. */
  readonly signal: AbortSignal;
  /** Waits about this long; rejects when the exchange has ended. */
  pause(meanMs: number): Promise<void>;
  /** Sends a whole JSON answer. */
  reply(reply: Reply): void;
  /** Writes one server-sent event (headers before the first one), waiting while the client reads slowly. */
  writeEvent(data: string): Promise<void>;
  /** Ends a stream that is complete. */
  end(): void;
  /** Drops the connection as it is. */
  cut(): void;
}

/** How waits are drawn: `instant` does not wait at all. */
export interface Rhythm {
  readonly kind: 'natural' | 'instant';
  readonly random: () => number;
}

const jitter = 0.4;

function toDelayMs(meanMs: number, random: () => number): number {
  return meanMs * (1 - jitter + 2 * jitter * random());
}

/** Sends a JSON body with its length. */
export function sendReply(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(JSON.stringify(reply.body));
  response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

/** Wraps a response; the exchange ends by itself when the connection closes. */
export function createExchange(response: ServerResponse, rhythm: Rhythm): Exchange {
  const controller = new AbortController();
  const { signal } = controller;
  response.once('close', () => controller.abort());
  return {
    signal,
    async pause(meanMs) {
      signal.throwIfAborted();
      if (rhythm.kind === 'natural') await delay(toDelayMs(meanMs, rhythm.random), undefined, { signal });
    },
    reply: (reply) => sendReply(response, reply),
    async writeEvent(data) {
      signal.throwIfAborted();
      if (!response.headersSent) {
        response.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache',
        });
      }
      // Waiting for the flush is the back-pressure, and keeps a cut from taking events with it that were sent before.
      await new Promise<void>((resolve, reject) => {
        response.write(`data: ${data}\n\n`, (error) => (error ? reject(error) : resolve()));
      });
    },
    end: () => void response.end(),
    cut: () => {
      controller.abort();
      response.destroy();
    },
  };
}
