/** Where and how a job's requests are sent. */
export interface Endpoint {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Closed: each connection sends its next request when the answer to the last is whole. Open: requests are due at a
 * fixed rate whatever the answers do, and their latency counts from the time they were due.
 */
export type Loop =
  | { readonly kind: 'closed'; readonly connections: number }
  | { readonly kind: 'open'; readonly ratePerSecond: number; readonly maxConnections: number };

/** One measurement: what the load generator is told to do. */
export interface Job {
  readonly endpoint: Endpoint;
  readonly stream: boolean;
  readonly loop: Loop;
  readonly seconds: number;
  /** The process whose CPU time is read before and after, with that of the processes that it has started. */
  readonly pid: number;
}

/** Percentiles in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** What one job measured. */
export interface JobResult {
  /** Whole, correct answers. */
  readonly answers: number;
  readonly perSecond: number;
  readonly latencyMs: Latency;
  /** From the request to the first byte of the body. */
  readonly firstChunkMs: Latency;
  /** CPU time of the measured process divided by the wall time: 1 is one core in full use. */
  readonly cpuShare: number;
  /** Reason → count of the answers that were not what was expected. */
  readonly errors: Readonly<Record<string, number>>;
  /** Requests of an open loop that were due and not answered when it was stopped. */
  readonly unanswered: number;
}
