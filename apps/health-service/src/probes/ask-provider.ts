import { classifyError, type Outcome } from '@gatewayz/provider-health';
import type { Dispatcher } from 'undici';
import type { ProbedProvider } from './probed-provider.ts';
import { redact } from './redact.ts';

/** Marks a request as a probe, so that a provider's or a gateway's own figures can leave it out. */
const PROBE_HEADER = 'x-gatewayz-probe';

/** One request of a probe, with its own deadline. */
export interface ProbeRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL. */
  readonly path: string;
  readonly body?: string;
  /** Connect, answer and body together. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Ends the probe when the service stops. */
  readonly stop: AbortSignal;
}

/** What came back. Latency is on the monotonic clock, the body included. */
export type ProbeAnswer = { readonly latencyMs: number; readonly requestId: string | null } & (
  | { readonly kind: 'answer'; readonly status: number; readonly body: Buffer }
  | { readonly kind: 'failed'; readonly outcome: Outcome; readonly detail: string }
);

/** A deadline that comes so much later than it was due: this process was suspended or blocked, and saw nothing. */
const STOOD_STILL_MS = 500;

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

class TooLarge extends Error {}

/** Sends one request to a provider; never rejects, and never takes longer than its deadline. */
export async function askProvider(provider: ProbedProvider, request: ProbeRequest): Promise<ProbeAnswer> {
  const startMs = performance.now();
  const deadline = new AbortController();
  const onStop = (): void => deadline.abort();
  request.stop.addEventListener('abort', onStop, { once: true });
  if (request.stop.aborted) onStop();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    deadline.abort();
  }, request.timeoutMs);
  let requestId: string | null = null;
  try {
    const response = await send(provider, request, deadline.signal);
    requestId = readRequestId(response.headers);
    const body = await readBody(response.body, request.maxBytes);
    const latencyMs = performance.now() - startMs;
    return { kind: 'answer', status: response.statusCode, body, latencyMs, requestId };
  } catch (error) {
    const latencyMs = performance.now() - startMs;
    const failure = explain(error, request, isLate, latencyMs);
    const detail = redact(failure.detail, provider.secrets);
    return { kind: 'failed', outcome: failure.outcome, detail, latencyMs, requestId };
  } finally {
    clearTimeout(timer);
    request.stop.removeEventListener('abort', onStop);
  }
}

function send(
  { connection }: ProbedProvider,
  { method, path, body, timeoutMs }: ProbeRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  return connection.pool.request({
    method,
    path: `${connection.basePath}${path}`,
    headers: [...connection.headers, PROBE_HEADER, '1'],
    body: body ?? null,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal,
  });
}

async function readBody(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early destroys the body and with it the connection.
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readRequestId(headers: Dispatcher.ResponseData['headers']): string | null {
  const value = headers['x-request-id'];
  return typeof value === 'string' && REQUEST_ID.test(value) ? value : null;
}

function explain(
  error: unknown,
  { stop, timeoutMs, maxBytes }: ProbeRequest,
  isLate: boolean,
  tookMs: number,
): { readonly outcome: Outcome; readonly detail: string } {
  if (stop.aborted) return { outcome: 'client_closed', detail: 'the service stopped' };
  if (tookMs > timeoutMs + STOOD_STILL_MS)
    return { outcome: 'gateway', detail: 'this process stood still while it waited' };
  if (isLate) return { outcome: 'timeout', detail: `no whole answer after ${timeoutMs} ms` };
  if (error instanceof TooLarge)
    return { outcome: 'provider_error', detail: `more than ${maxBytes} bytes were answered` };
  const { code, message } = error as NodeJS.ErrnoException;
  return { outcome: classifyError(code), detail: code === undefined ? message : `${code}: ${message}` };
}
