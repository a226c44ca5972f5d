import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type OtlpRequest, type PostResult, postOtlp } from './otlp-post.ts';
import { MAX_IN_FLIGHT, type OtlpSettings } from './otlp-settings.ts';
import { readRejectedSpans } from './read-rejected-spans.ts';
import { readRetryAfter } from './read-retry-after.ts';

/** What became of a batch: those that are not exported have failed. */
export interface BatchResult {
  readonly exported: number;
  /** One sentence where not all were exported; it repeats nothing that a collector said. */
  readonly problem: string | null;
}

/** Sends batches until they are taken, refused, or out of time. */
export interface OtlpSender {
  /** `body` is a serialized ExportTraceServiceRequest of `spans` spans. Never rejects. */
  send(body: Uint8Array, spans: number): Promise<BatchResult>;
}

/** Time and chance. */
export interface SenderParts {
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 15_000;
const GROWTH = 1.5;
// What the OTLP specification lists as retryable over HTTP; every other refusal would be repeated for ever.
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const compress = promisify(gzip);

const REAL_PARTS: SenderParts = {
  now: () => performance.now(),
  wait: async (ms) => {
    await pause(ms);
  },
  random: Math.random,
};

/** Creates a sender with its own connections. */
export function createOtlpSender(settings: OtlpSettings, parts: SenderParts = REAL_PARTS): OtlpSender {
  return new RetryingSender(settings, parts);
}

class RetryingSender implements OtlpSender {
  readonly #settings: OtlpSettings;
  readonly #parts: SenderParts;
  readonly #request: OtlpRequest;
  // What a collector asked for holds for every batch, not only for the one it refused.
  #restUntil = 0;

  constructor(settings: OtlpSettings, parts: SenderParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { url, headers, isGzip, timeoutMs } = settings;
    const Agent = url.startsWith('https:') ? HttpsAgent : HttpAgent;
    this.#request = {
      url,
      timeoutMs,
      agent: new Agent({ keepAlive: true, maxSockets: MAX_IN_FLIGHT }),
      headers: {
        'user-agent': 'gatewayz-telemetry',
        ...headers,
        'content-type': 'application/x-protobuf',
        ...(isGzip && { 'content-encoding': 'gzip' }),
      },
    };
  }

  async send(body: Uint8Array, spans: number): Promise<BatchResult> {
    const { now } = this.#parts;
    const endsAt = now() + this.#settings.batchTimeoutMs;
    const bytes = this.#settings.isGzip ? await compress(body, { level: 1 }) : body;
    let pauseMs = FIRST_PAUSE_MS;
    let problem = 'no attempt was possible in time';
    while (await this.#rest(endsAt)) {
      const timeoutMs = Math.min(this.#request.timeoutMs, Math.max(endsAt - now(), 1));
      const result = await postOtlp({ ...this.#request, timeoutMs }, bytes);
      const accepted = toAccepted(result, spans);
      if (accepted !== null) return accepted;
      problem = result.kind === 'failed' ? result.reason : `status ${result.status}`;
      if (!isRetryable(result)) break;
      // Full jitter over the upper half: spread out, and never at once.
      this.#restUntil = now() + (retryAfterMs(result) ?? pauseMs * (0.5 + this.#parts.random() / 2));
      pauseMs = Math.min(pauseMs * GROWTH, MAX_PAUSE_MS);
    }
    return { exported: 0, problem: `the collector took no spans (${problem})` };
  }

  /** Waits as long as the collector or the backoff wants; false where there is no time left for a request. */
  async #rest(endsAt: number): Promise<boolean> {
    const { now, wait } = this.#parts;
    for (let at = now(); at < endsAt; at = now()) {
      if (this.#restUntil <= at) return true;
      await wait(Math.min(this.#restUntil, endsAt) - at);
    }
    return false;
  }
}

function isRetryable(result: PostResult): boolean {
  return result.kind === 'failed' || RETRYABLE.has(result.status);
}

function retryAfterMs(result: PostResult): number | null {
  return result.kind === 'answered' ? readRetryAfter(result.retryAfter, Date.now()) : null;
}

/** What an accepted request held, less the spans that the answer says were rejected; null for one not accepted. */
function toAccepted(result: PostResult, spans: number): BatchResult | null {
  if (result.kind === 'failed' || result.status < 200 || result.status >= 300) return null;
  const rejected = Math.min(result.body === null ? 0 : readRejectedSpans(result.body), spans);
  if (rejected === 0) return { exported: spans, problem: null };
  return { exported: spans - rejected, problem: `the collector rejected ${rejected} of ${spans} spans` };
}
