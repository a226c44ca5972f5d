import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Observability } from '../create-observability.ts';
import type { ObservabilityOptions } from '../observability-options.ts';

/** The same small backend, whatever framework it is made with. */
export interface ContractHost {
  readonly observability: Observability;
  readonly url: string;
  /** Sets the module up once more on the same application. */
  setUpAgain(): void;
  close(): Promise<void>;
}

export type StartHost = (options: ObservabilityOptions) => Promise<ContractHost>;

/** An error that nobody expects. */
export class BoomError extends Error {}

/** An error that is an answer. */
export class RefusedError extends Error {
  readonly statusCode = 422;
  readonly status = 422;
}

export const STREAM_CHUNKS: readonly string[] = ['first ', 'zweites ', 'drittes ä'];

/** A chat with one stream from a provider, as the application tells of it. */
export function chat(observability: Observability, request: object): string {
  const call = observability.inference({ provider: 'groq', model: 'small', request });
  call.chunk();
  call.chunk();
  call.end({ outcome: 'success', usage: { inputTokens: 7, outputTokens: 2 }, costUsd: 0.002 });
  return 'answer';
}

/** Opens a free port of loopback; resolves to the base URL. */
export function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

/** Closes a server and what is still connected; resolves when it has closed. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
