import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteMetrics } from './http-metrics.ts';
import type { ProviderCallTimes } from './setup/provider-call-times.ts';

/** Nginx's and the metric contract's status for a client that left before its answer had ended. */
const CLIENT_CLOSED_REQUEST = 499;

const observation: unique symbol = Symbol('gatewayz.observation');

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** A request from its arrival to the close of its response. Times are of `performance.now()`. */
export class Observation {
  route: RouteMetrics;
  readonly startedAt: number;
  readonly requestBytes: number;
  readonly onEnd: ((observation: Observation, status: number, endedAt: number) => void) | null;
  readonly write: AnyFunction;
  readonly end: AnyFunction;
  writtenBytes = 0;
  /** Where it is not negative it stands for what was counted. */
  reportedBytes = -1;
  isEnding = false;
  /** The error that the answer is about, as the framework tells. */
  error: unknown = null;
  /** When the body had been read; 0 where it has not, or where nobody asked. */
  bodyReadAt = 0;
  /** The calls of providers that were made for the request, where any were noted. */
  calls: ProviderCallTimes | null = null;

  constructor(
    route: RouteMetrics,
    requestBytes: number,
    response: ServerResponse,
    onEnd: Observation['onEnd'],
  ) {
    this.route = route;
    this.startedAt = performance.now();
    this.requestBytes = requestBytes;
    this.onEnd = onEnd;
    this.write = response.write as AnyFunction;
    this.end = response.end as AnyFunction;
  }

  /** Counts the request on another route: the router has spoken. */
  moveTo(route: RouteMetrics): void {
    if (route === this.route) return;
    this.route.leave();
    route.begin();
    this.route = route;
  }
}

type ObservedResponse = ServerResponse & { [observation]?: Observation };

/**
 * Counts one request on its route from now until the response closes, whichever side closes it, with the bytes of
 * its body as they are written. Works on the plain response of `node:http`, under whatever framework; a response
 * that is observed already keeps its first observation.
 */
export function observeResponse(
  request: IncomingMessage,
  response: ServerResponse,
  route: RouteMetrics,
  onEnd: Observation['onEnd'] = null,
): Observation {
  const observed = response as ObservedResponse;
  const earlier = observed[observation];
  if (earlier !== undefined) return earlier;
  const length = Number(request.headers['content-length'] ?? 0);
  const record = new Observation(route, Number.isFinite(length) ? length : 0, response, onEnd);
  observed[observation] = record;
  // One function for all responses, and no closure for each.
  observed.write = countedWrite as ServerResponse['write'];
  observed.end = countedEnd as ServerResponse['end'];
  route.begin();
  response.on('close', endObservation);
  return record;
}

/** The observation of a response, or of a request that is linked to it. */
export function observationOf(message: object): Observation | undefined {
  return (message as ObservedResponse)[observation];
}

/** Lets the observation be found by its request, and notes when its body has been read. */
export function linkRequest(request: IncomingMessage, record: Observation): void {
  (request as IncomingMessage & { [observation]?: Observation })[observation] = record;
  if (record.requestBytes > 0 || request.headers['transfer-encoding'] !== undefined) {
    request.on('end', noteBodyRead);
  }
}

function noteBodyRead(this: IncomingMessage): void {
  const record = observationOf(this);
  if (record !== undefined) record.bodyReadAt = performance.now();
}

/** Tells how many body bytes were written, where they do not pass through `write` and `end` of the response. */
export function reportBodyBytes(response: ServerResponse, bytes: number): void {
  const record = (response as ObservedResponse)[observation];
  if (record !== undefined) record.reportedBytes = bytes;
}

function countedWrite(this: ObservedResponse, ...args: unknown[]): unknown {
  const record = this[observation] as Observation;
  if (!record.isEnding) record.writtenBytes += sizeOf(args[0], args[1]);
  return record.write.apply(this, args);
}

function countedEnd(this: ObservedResponse, ...args: unknown[]): unknown {
  const record = this[observation] as Observation;
  if (!record.isEnding) {
    record.writtenBytes += sizeOf(args[0], args[1]);
    // Some responses write what they are ended with.
    record.isEnding = true;
  }
  return record.end.apply(this, args);
}

function sizeOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}

function endObservation(this: ServerResponse): void {
  const record = (this as ObservedResponse)[observation];
  if (record === undefined) return;
  const endedAt = performance.now();
  const status = hasFinished(this, record) ? this.statusCode : CLIENT_CLOSED_REQUEST;
  const bytes = record.reportedBytes >= 0 ? record.reportedBytes : bodyBytesOf(this, record);
  record.route.end(status, (endedAt - record.startedAt) / 1000, record.requestBytes, bytes);
  record.onEnd?.(record, status, endedAt);
}

/** A response without a connection, as Fastify's `inject` makes it, is whole when it has been ended. */
function hasFinished({ writableFinished, socket }: ServerResponse, { isEnding }: Observation): boolean {
  return writableFinished || (isEnding && socket !== null && !socket.destroyed);
}

/** Node leaves the body of such answers out, whatever is written. */
function bodyBytesOf({ req, statusCode }: ServerResponse, record: Observation): number {
  const hasNoBody = req?.method === 'HEAD' || statusCode === 204 || statusCode === 304;
  return hasNoBody ? 0 : record.writtenBytes;
}
