import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteMetrics } from './http-metrics.ts';

/** Nginx's and the metric contract's status for a client that left before its answer had ended. */
const CLIENT_CLOSED_REQUEST = 499;

const observation: unique symbol = Symbol('gatewayz.observation');

interface Observation {
  readonly route: RouteMetrics;
  readonly startedAt: number;
  readonly requestBytes: number;
  bodyBytes: number;
}

type ObservedResponse = ServerResponse & { [observation]?: Observation };

/**
 * Counts one request on its route from now until the response closes, whichever side closes it.
 * Works on the plain response of `node:http`, under whatever framework.
 */
export function observeResponse(
  request: IncomingMessage,
  response: ServerResponse,
  route: RouteMetrics,
): void {
  const length = Number(request.headers['content-length'] ?? 0);
  (response as ObservedResponse)[observation] = {
    route,
    startedAt: performance.now(),
    requestBytes: Number.isFinite(length) ? length : 0,
    bodyBytes: -1,
  };
  route.begin();
  response.on('close', endObservation);
}

/** Tells how many body bytes were written, where no `content-length` header says it. */
export function reportBodyBytes(response: ServerResponse, bytes: number): void {
  const record = (response as ObservedResponse)[observation];
  if (record !== undefined) record.bodyBytes = bytes;
}

function endObservation(this: ServerResponse): void {
  const record = (this as ObservedResponse)[observation];
  if (record === undefined) return;
  const status = this.writableFinished ? this.statusCode : CLIENT_CLOSED_REQUEST;
  const bytes = record.bodyBytes >= 0 ? record.bodyBytes : Number(this.getHeader('content-length') ?? 0);
  const seconds = (performance.now() - record.startedAt) / 1000;
  record.route.end(status, seconds, record.requestBytes, bytes);
}
