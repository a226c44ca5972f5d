import type { Outcome } from '@gatewayz/provider-health';
import type { LogFields, Logger } from '@gatewayz/telemetry';
import type { Exchange } from '../inference/exchange.ts';

const MICRO = 1_000_000;

/** Writes the one line of a request that has ended. */
export function logRequest(logger: Logger, exchange: Exchange): void {
  const { outcome } = exchange;
  if (outcome === null) return;
  const fields = toFields(exchange, outcome);
  const level = LEVELS[outcome];
  if (level === 'info') logger.info('Request processed', fields);
  // Each is a request of its own: none may be held back as a repetition.
  else if (level === 'warn') logger.warn('Request failed', fields, NO_REPEATS);
  else logger.error('Request failed', fields);
}

const NO_REPEATS = { repeatKey: null } as const;

/** Whose fault it was decides how loud the line is. */
const LEVELS: Readonly<Record<Outcome, 'info' | 'warn' | 'error'>> = {
  success: 'info',
  caller: 'info',
  client_closed: 'info',
  rate_limited: 'warn',
  credentials: 'error',
  provider_error: 'error',
  timeout: 'error',
  network: 'error',
  gateway: 'error',
};

function toFields(exchange: Exchange, outcome: Outcome): LogFields {
  const { arrival, attempts, stream } = exchange;
  const { bill } = exchange.payment;
  const { trace, times, caller } = arrival;
  const attempt = attempts.at(-1);
  const usage = bill?.usage ?? exchange.usage;
  const calledModel = attempt?.target.metrics.label;
  return {
    request_id: arrival.id,
    trace_id: trace?.traceId,
    span_id: trace?.spanId,
    endpoint: exchange.endpoint.route,
    model: arrival.route.label,
    target_model: calledModel === arrival.route.label ? undefined : calledModel,
    provider: attempt?.target.provider.name,
    outcome,
    error_type: outcome === 'success' ? undefined : outcome,
    detail: attempt?.failure?.message,
    stream: exchange.wantsStream,
    stream_end: exchange.streamEnd,
    attempts: attempts.length,
    input_tokens: usage?.inputTokens,
    output_tokens: usage?.outputTokens,
    usage_estimated: bill?.isEstimated === true ? true : undefined,
    unpriced: bill !== null && bill.costMicroUsd === null ? true : undefined,
    cost_usd: bill === null || bill.costMicroUsd === null ? undefined : bill.costMicroUsd / MICRO,
    duration_ms: round(exchange.endedAt - times.receivedAt),
    first_chunk_ms:
      stream === null || stream.chunks === 0 ? undefined : round(stream.firstChunkAt - times.receivedAt),
    user_id: caller.userId === '' ? undefined : caller.userId,
    key_id: caller.keyId,
  };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
