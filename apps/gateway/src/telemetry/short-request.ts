import type { Outcome } from '@gatewayz/provider-health';
import type { Trace } from '@gatewayz/telemetry';
import type { Caller } from '../inference/caller.ts';
import type { Arrival } from '../inference/exchange.ts';
import { NO_WAITS, type RequestWait } from './request-waits.ts';

/** How a request ended without any provider being asked. */
export type ShortEnd =
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** The answer of a provider is given again; `model` is the route's. */
  | { readonly kind: 'from_cache'; readonly model: string; readonly provider: string }
  /** The client left while Redis was being asked. */
  | { readonly kind: 'left'; readonly model: string };

/** A request that ended before any provider was asked. */
export interface ShortRequest {
  readonly id: string;
  /** Null where there is no tracing. */
  readonly trace: Trace | null;
  readonly method: string;
  /** The route's pattern; '' where no route has the path. */
  readonly route: string;
  /** Null where nobody is known. */
  readonly caller: Caller | null;
  /** By `performance.now()`. */
  readonly receivedAt: number;
  readonly waits: readonly RequestWait[];
  readonly end: ShortEnd;
}

/** A request for an answer of a provider that needed none. */
export function toShortRequest(arrival: Arrival, end: ShortEnd): ShortRequest {
  const { id, trace, endpoint, caller, times, waits = NO_WAITS } = arrival;
  return {
    id,
    trace,
    method: 'POST',
    route: endpoint.route,
    caller,
    receivedAt: times.receivedAt,
    waits,
    end,
  };
}

/** Nginx's status for a client that left. */
const CLIENT_CLOSED_REQUEST = 499;

/** What its client got, and whose doing that was. */
export function readShortEnd(end: ShortEnd): { readonly status: number; readonly outcome: Outcome } {
  switch (end.kind) {
    case 'refused':
      return { status: end.status, outcome: end.status < 500 ? 'caller' : 'gateway' };
    case 'from_cache':
      return { status: 200, outcome: 'success' };
    case 'left':
      return { status: CLIENT_CLOSED_REQUEST, outcome: 'client_closed' };
    default:
      return end satisfies never;
  }
}
