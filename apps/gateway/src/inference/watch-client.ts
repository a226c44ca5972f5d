import type { ServerResponse } from 'node:http';

/** Hears what becomes of the client's connection. */
export interface ClientWatcher {
  readonly wantsStream: boolean;
  clientClosed(): void;
  clientDrained(): void;
}

const watcher: unique symbol = Symbol('gatewayz.watcher');
type WatchedResponse = ServerResponse & { [watcher]?: ClientWatcher };

/** Ties a watcher to a response without a closure a request. */
export function watchClient(response: ServerResponse, by: ClientWatcher): void {
  (response as WatchedResponse)[watcher] = by;
  response.on('close', onClose);
  if (by.wantsStream) response.on('drain', onDrain);
}

function onClose(this: WatchedResponse): void {
  this[watcher]?.clientClosed();
}

function onDrain(this: WatchedResponse): void {
  this[watcher]?.clientDrained();
}
