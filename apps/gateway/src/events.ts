import type { SqlDialect } from '@gatewayz/database';
import {
  type EndpointMetrics,
  type HttpMetrics,
  type InferenceMetrics,
  type MoneyMetrics,
  type ProviderMetrics,
  REQUEST_STAGES,
} from '@gatewayz/observability';
import { type Outcome, verdictOf } from '@gatewayz/provider-health';
import {
  type KeepReason,
  type Logger,
  type Trace,
  type TraceExemplar,
  type Tracing,
  toExemplar,
} from '@gatewayz/telemetry';
import type { Explanations } from './explanations.ts';
import type { Attempt } from './inference/attempt.ts';
import { ENDPOINTS } from './inference/endpoint.ts';
import type { Arrival, Exchange, ExchangeRules } from './inference/exchange.ts';
import type { Target } from './providers/provider.ts';
import { noteHealth } from './routing/note-health.ts';
import { logBodies } from './telemetry/log-bodies.ts';
import { logRequest } from './telemetry/request-line.ts';
import { notableOf, toRequestSpans } from './telemetry/request-spans.ts';
import { type RequestWait, toWaitSpan } from './telemetry/request-waits.ts';
import { readShortEnd, type ShortRequest } from './telemetry/short-request.ts';
import { logShortRequest } from './telemetry/short-request-line.ts';
import { toShortRequestSpans } from './telemetry/short-request-spans.ts';
import { atTurnEnd } from './turn-end.ts';

/** Things that happen on the request path. Each becomes signals here, and nowhere else. */
export interface Signals {
  attemptEnded(attempt: Attempt): void;
  failedOver(arrival: Arrival, from: Target, to: Target, reason: Outcome): void;
  /** An open breaker kept a target from being called. */
  passedOver(target: Target): void;
  /** An event of a provider's stream was no JSON, and was left out. */
  eventDropped(target: Target): void;
  /** What it becomes can be seen from the next turn of the event loop on: who shows it waits for that. */
  requestEnded(exchange: Exchange): void;
  /** Its answer has been kept in the cache, after its end. */
  answerKept(exchange: Exchange, wait: RequestWait): void;
  /** A request ended before any provider was asked. */
  shortRequestEnded(request: ShortRequest): void;
}

/** Where the signals go. */
export interface SignalParts {
  readonly http: HttpMetrics;
  readonly inference: InferenceMetrics;
  readonly providers: ProviderMetrics;
  readonly money: MoneyMetrics;
  readonly explanations: Explanations;
  readonly logger: Logger;
  readonly tracing: Tracing | null;
  /** The database's; null, the default, where there is none. */
  readonly dialect?: SqlDialect | null;
  /** Is told what should not have been thrown. */
  readonly onUnexpected: ExchangeRules['onUnexpected'];
}

const MS_PER_SECOND = 1000;
const MICRO = 1_000_000;

/** Creates the one place that turns the ends of attempts and requests into signals. */
export function createSignals(parts: SignalParts): Signals {
  const { http, inference, providers, money, explanations, logger, tracing, dialect = null } = parts;
  const endpoints = new Map<string, EndpointMetrics>(
    ENDPOINTS.map(({ route }) => [route, http.endpoint(route)]),
  );
  const stages = new Float64Array(REQUEST_STAGES.length);
  const report = atTurnEnd<Exchange>(
    (exchange) => {
      const exemplar = tracing === null ? undefined : recordTrace(exchange, tracing, dialect);
      countInference(exchange, exemplar);
      countMoney(exchange, money);
      const endpoint = endpoints.get(exchange.endpoint.route);
      if (endpoint !== undefined) countTimes(exchange, endpoint, stages);
      explanations.add(exchange);
      logRequest(logger, exchange);
      logBodies(logger, exchange);
    },
    (error, { arrival }) => parts.onUnexpected(error, arrival.id),
  );

  return {
    attemptEnded(attempt) {
      countAttempt(attempt, providers);
      noteHealth(attempt);
    },
    failedOver({ route, id, trace }, from, to, reason) {
      const fromProvider = from.provider.name;
      const toProvider = to.provider.name;
      inference.failedOver(route.label, fromProvider, toProvider, reason);
      logger.warn(
        'Failover',
        {
          request_id: id,
          trace_id: trace?.traceId,
          model: route.label,
          provider: fromProvider,
          to_provider: toProvider,
          error_type: reason,
        },
        { repeatKey: `${fromProvider} ${toProvider} ${reason}` },
      );
    },
    passedOver(target) {
      target.provider.metrics.rejected();
    },
    eventDropped(target) {
      target.metrics.droppedEvents.inc();
    },
    requestEnded(exchange) {
      const usage = exchange.payment.bill?.usage ?? exchange.usage;
      exchange.arrival.lease.end(usage === null ? 0 : usage.inputTokens + usage.outputTokens);
      report(exchange);
    },
    answerKept(exchange, wait) {
      const { trace } = exchange.arrival;
      if (tracing === null || trace === null || keepReasonOf(exchange, trace, tracing) === null) return;
      tracing.record(trace, [toWaitSpan(wait, trace.spanId, dialect)]);
    },
    shortRequestEnded(request) {
      logShortRequest(logger, request);
      const { trace, receivedAt, end } = request;
      if (tracing === null || trace === null) return;
      const endedAt = performance.now();
      const notable = readShortEnd(end).outcome === 'gateway' ? 'error' : null;
      if (tracing.keepReason(trace, endedAt - receivedAt, notable) === null) return;
      tracing.record(trace, toShortRequestSpans(request, trace, endedAt, dialect));
    },
  };
}

/** Counts an attempt by its outcome; the breaker's state is the one in which it was judged, so before its sample. */
function countAttempt(attempt: Attempt, providers: ProviderMetrics): void {
  const { target, pick, outcome } = attempt;
  if (outcome === null) return;
  const { provider, metrics } = target;
  metrics.attempts[outcome].inc();
  if (pick.isLeastBad) providers.leastBad(provider.name, metrics.label);
  const verdict = verdictOf(outcome);
  if (verdict === 'neutral') return;
  provider.metrics.judged(verdict, provider.health.breaker.visibleState(attempt.endedAt));
  provider.metrics.responded(attempt.responseMs / MS_PER_SECOND);
  provider.metrics.slow(metrics.label, (attempt.endedAt - attempt.startedAt) / MS_PER_SECOND);
}

/** Hands over the spans of a request whose trace is kept; what it gives points to them. */
function recordTrace(
  exchange: Exchange,
  tracing: Tracing,
  dialect: SqlDialect | null,
): TraceExemplar | undefined {
  const { trace } = exchange.arrival;
  if (trace === null) return undefined;
  const reason = keepReasonOf(exchange, trace, tracing);
  if (reason === null) return undefined;
  tracing.record(trace, toRequestSpans(exchange, trace, dialect));
  return toExemplar(trace, reason);
}

function keepReasonOf(exchange: Exchange, trace: Trace, tracing: Tracing): KeepReason | null {
  const { receivedAt } = exchange.arrival.times;
  return tracing.keepReason(trace, exchange.endedAt - receivedAt, notableOf(exchange));
}

function countInference(exchange: Exchange, exemplar: TraceExemplar | undefined): void {
  const attempt = exchange.attempts.at(-1);
  if (attempt === undefined) return;
  const { metrics } = attempt.target;
  const { parsedAt } = exchange.arrival.times;
  (exchange.outcome === 'success' ? metrics.succeeded : metrics.failed).inc();
  metrics.duration.observe((exchange.endedAt - parsedAt) / MS_PER_SECOND, exemplar);
  const { usage } = exchange;
  // An estimate stands for what the provider did not say, or said wrongly.
  if (usage !== null && exchange.payment.bill?.isEstimated !== true) {
    metrics.inputTokens.inc(usage.inputTokens);
    metrics.outputTokens.inc(usage.outputTokens);
  }
  const atEndpoint = metrics.endpoint(exchange.endpoint.route);
  if (attempt.firstByteAt > 0) {
    const seconds = (attempt.firstByteAt - attempt.startedAt) / MS_PER_SECOND;
    atEndpoint.timeToFirstByte.observe(seconds, exemplar);
  }
  if (exchange.streamEnd === null || exchange.stream === null) return;
  metrics.streams[exchange.streamEnd].inc();
  const { firstChunkAt, lastChunkAt, chunks } = exchange.stream;
  if (chunks === 0) return;
  metrics.timeToFirstChunk.observe((firstChunkAt - parsedAt) / MS_PER_SECOND, exemplar);
  const seconds = (lastChunkAt - firstChunkAt) / MS_PER_SECOND;
  atEndpoint.streamingDuration.observe(seconds);
  if (chunks > 1) metrics.timePerOutputChunk.observe(seconds / (chunks - 1));
}

/** Counts what a request cost, and what was taken for it. */
function countMoney(exchange: Exchange, money: MoneyMetrics): void {
  const { attempts, outcome, endpoint, wantsStream, arrival } = exchange;
  const { bill, isReserved } = exchange.payment;
  const target = attempts.at(-1)?.target;
  if (bill !== null && target !== undefined) {
    money.priceLookup(bill.match);
    if (bill.costMicroUsd !== null) target.spent(bill.costMicroUsd / MICRO);
    if (bill.creditsMicro > 0) target.metrics.credits(bill.creditsMicro / MICRO);
  }
  if (arrival.caller.userId === '') return;
  const status = bill !== null ? 'success' : isReserved ? 'nothing_due' : 'refused';
  if (status === 'refused' && outcome !== 'caller') return;
  money.creditDeduction({ status, endpoint: endpoint.route, isStreaming: wantsStream });
}

/** Splits the whole time into its stages, in the order of REQUEST_STAGES, and finds what the gateway itself took. */
function countTimes(exchange: Exchange, endpoint: EndpointMetrics, stages: Float64Array): void {
  const { firstCallAt, endedAt, attempts } = exchange;
  const { receivedAt, authenticatedAt, bodyReadAt, parsedAt } = exchange.arrival.times;
  let waited = 0;
  for (const attempt of attempts) waited += attempt.endedAt - attempt.startedAt;
  const answeredAt = attempts.at(-1)?.endedAt ?? endedAt;
  const firstChunkAt = exchange.stream?.firstChunkAt || answeredAt;
  stages[0] = (parsedAt - authenticatedAt) / MS_PER_SECOND;
  stages[1] = (authenticatedAt - receivedAt) / MS_PER_SECOND;
  stages[2] = (firstCallAt - parsedAt) / MS_PER_SECOND;
  stages[3] = (firstChunkAt - firstCallAt) / MS_PER_SECOND;
  stages[4] = (answeredAt - firstChunkAt) / MS_PER_SECOND;
  stages[5] = (endedAt - answeredAt) / MS_PER_SECOND;
  endpoint.stages(stages);
  endpoint.frontendProcessing((firstCallAt - receivedAt) / MS_PER_SECOND);
  endpoint.overhead(Math.max(0, endedAt - bodyReadAt - waited - exchange.restedMs) / MS_PER_SECOND);
}
