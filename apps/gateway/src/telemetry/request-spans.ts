import type { SqlDialect } from '@gatewayz/database';
import type { Outcome, VisibleBreakerState } from '@gatewayz/provider-health';
import { type FinishedSpan, GEN_AI, newSpanId, type SpanAttributes, type Trace } from '@gatewayz/telemetry';
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions';
import type { Attempt } from '../inference/attempt.ts';
import type { Exchange } from '../inference/exchange.ts';
import { NO_WAITS, type RequestWait, toWaitSpan } from './request-waits.ts';
import { ofAnsweringTarget, ofCalledTarget, ofEndpoint } from './span-models.ts';

const MS_PER_SECOND = 1000;
const MICRO = 1_000_000;

/** Why a request's trace is worth keeping although it was not sampled; null where nothing is. */
export function notableOf({ outcome, attempts }: Exchange): string | null {
  if (outcome !== null && outcome !== 'success' && outcome !== 'caller' && outcome !== 'client_closed') {
    return 'error';
  }
  return attempts.length > 1 ? 'failover' : null;
}

/**
 * The spans of a request that has ended: the server's, the inference's, one for each attempt, and one for each time that
 * it waited for Redis or for the database, whose dialect is given; null where there is none.
 */
export function toRequestSpans(
  exchange: Exchange,
  trace: Trace,
  dialect: SqlDialect | null = null,
): readonly FinishedSpan[] {
  const inferenceId = newSpanId();
  const spans = [toServerSpan(exchange, trace), toInferenceSpan(exchange, trace, inferenceId)];
  for (const attempt of exchange.attempts) spans.push(toAttemptSpan(exchange, attempt, inferenceId));
  for (const wait of exchange.arrival.waits ?? NO_WAITS) spans.push(toWaitSpan(wait, trace.spanId, dialect));
  for (const wait of toLedgerWaits(exchange)) spans.push(toWaitSpan(wait, trace.spanId, dialect));
  return spans;
}

function toServerSpan(exchange: Exchange, trace: Trace): FinishedSpan {
  const { endpoint, arrival, endedAt } = exchange;
  const { statusCode } = arrival.response;
  const status = exchange.outcome === 'client_closed' ? CLIENT_CLOSED_REQUEST : statusCode;
  return {
    ...ofEndpoint(endpoint),
    kind: 'server',
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    startMs: arrival.times.receivedAt,
    endMs: endedAt,
    attributes: {
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
      'gatewayz.request_id': arrival.id,
      'gatewayz.user_id': arrival.caller.userId || undefined,
      ...errorType(exchange.outcome),
    },
    // A server's span fails by what is the server's fault alone.
    ...(status >= 500 || isOurFault(exchange.outcome) ? { status: 'error' as const } : {}),
  };
}

function toInferenceSpan(exchange: Exchange, trace: Trace, spanId: string): FinishedSpan {
  const { arrival, endpoint, stream, attempts, outcome } = exchange;
  const { bill } = exchange.payment;
  const target = attempts.at(-1)?.target;
  const usage = bill?.usage ?? exchange.usage;
  const firstChunkAt = stream?.firstChunkAt ?? 0;
  const { parsed } = arrival.request;
  return {
    ...(target === undefined ? { name: 'model_inference' } : ofAnsweringTarget(target, endpoint)),
    kind: 'internal',
    spanId,
    parentSpanId: trace.spanId,
    startMs: arrival.times.parsedAt,
    endMs: exchange.endedAt,
    attributes: {
      [GEN_AI.operationName]: target === undefined ? endpoint.operation : undefined,
      // One of the catalogue's, for it becomes a label of Tempo's metrics; what the client wrote is beside it.
      [GEN_AI.requestModel]: arrival.route.label,
      'gatewayz.requested_model':
        arrival.request.model === arrival.route.label ? undefined : arrival.request.model,
      [GEN_AI.requestStream]: exchange.wantsStream,
      [GEN_AI.requestMaxTokens]: toCount(parsed.max_completion_tokens ?? parsed.max_tokens),
      [GEN_AI.usageInputTokens]: usage?.inputTokens,
      [GEN_AI.usageOutputTokens]: usage?.outputTokens,
      [GEN_AI.usageReasoningOutputTokens]: usage?.reasoningTokens,
      [GEN_AI.usageCacheReadInputTokens]: usage?.cachedInputTokens,
      [GEN_AI.responseFinishReasons]: toReasons(exchange.finishReasons),
      [GEN_AI.responseTimeToFirstChunk]:
        firstChunkAt > 0 ? (firstChunkAt - arrival.times.parsedAt) / MS_PER_SECOND : undefined,
      'gatewayz.attempts': attempts.length,
      'gatewayz.stream_end': exchange.streamEnd,
      'gatewayz.cost_usd': bill?.costMicroUsd == null ? undefined : bill.costMicroUsd / MICRO,
      'gatewayz.usage_estimated': bill?.isEstimated,
      ...errorType(outcome),
    },
    events: firstChunkAt > 0 ? [{ name: 'gen_ai.first_chunk', atMs: firstChunkAt }] : [],
    ...toStatus(outcome, attempts.at(-1)),
  };
}

function toAttemptSpan({ endpoint }: Exchange, attempt: Attempt, parentSpanId: string): FinishedSpan {
  const { target, outcome, failure } = attempt;
  return {
    ...ofCalledTarget(target, endpoint),
    kind: 'client',
    spanId: attempt.spanId || newSpanId(),
    parentSpanId,
    startMs: attempt.startedAt,
    endMs: attempt.endedAt,
    attributes: {
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: failure?.status ?? (outcome === 'success' ? 200 : undefined),
      'gatewayz.outcome': outcome,
      'gatewayz.breaker_state': breakerStateOf(attempt),
      'gatewayz.chosen_as': chosenAs(attempt),
      'gatewayz.timeout_phase': failure?.phase,
      ...errorType(outcome),
    },
    events: attempt.firstByteAt > 0 ? [{ name: 'first_byte', atMs: attempt.firstByteAt }] : [],
    ...toStatus(outcome, attempt),
  };
}

/** When the ledger was asked for credit, and when it was told of the charge. */
function toLedgerWaits({ payment, arrival }: Exchange): readonly RequestWait[] {
  // Where nobody pays, what was waited for is an estimate of the usage, and not the ledger.
  if (arrival.caller.userId === '') return NO_WAITS;
  return payment.times.map((time) => ({ asked: 'database', collection: 'ledger', ...time }));
}

/** Nginx's status for a client that left. */
const CLIENT_CLOSED_REQUEST = 499;

function errorType(outcome: Outcome | null): SpanAttributes {
  return outcome === null || outcome === 'success' ? {} : { [ATTR_ERROR_TYPE]: outcome };
}

function isOurFault(outcome: Outcome | null): boolean {
  return outcome === 'gateway';
}

function toStatus(
  outcome: Outcome | null,
  attempt: Attempt | undefined,
): Pick<FinishedSpan, 'status' | 'errorMessage'> {
  if (outcome === null || outcome === 'success') return {};
  const message = attempt?.failure?.message;
  return { status: 'error', ...(message === undefined ? {} : { errorMessage: message }) };
}

/** In the words of the explanation. */
function chosenAs({ pick }: Attempt): string {
  if (pick.isLeastBad) return 'least_bad';
  return pick.admission.kind === 'probe' ? 'half_open_probe' : 'best';
}

/** The state in which the call was let through: the attempt's own end may have changed it since. */
function breakerStateOf({ pick, target, startedAt }: Attempt): VisibleBreakerState {
  if (pick.isLeastBad) return target.provider.health.breaker.visibleState(startedAt);
  return pick.admission.kind === 'probe' ? 'half_open' : 'closed';
}

const REASON = /^[a-z_]{1,32}$/i;

/** Words of the provider's: none that could be anything else. */
function toReasons(reasons: readonly string[]): readonly string[] | undefined {
  if (reasons.length === 0) return undefined;
  return reasons.map((reason) => (REASON.test(reason) ? reason : 'other'));
}

function toCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}
