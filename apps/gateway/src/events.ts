import {
  type EndpointMetrics,
  type HttpMetrics,
  type InferenceMetrics,
  type ProviderMetrics,
  REQUEST_STAGES,
} from '@gatewayz/observability';
import { type Outcome, verdictOf } from '@gatewayz/provider-health';
import type { Explanations } from './explanations.ts';
import type { Attempt } from './inference/attempt.ts';
import { ENDPOINTS } from './inference/endpoint.ts';
import type { Exchange } from './inference/exchange.ts';
import type { Route } from './providers/catalogue.ts';
import type { Target } from './providers/provider.ts';
import { noteHealth } from './routing/note-health.ts';

/** Things that happen on the request path. Each becomes signals here, and nowhere else. */
export interface Signals {
  attemptEnded(attempt: Attempt): void;
  failedOver(route: Route, from: Target, to: Target, reason: Outcome): void;
  /** An open breaker kept a target from being called. */
  passedOver(target: Target): void;
  /** An event of a provider's stream was no JSON, and was left out. */
  eventDropped(target: Target): void;
  requestEnded(exchange: Exchange): void;
}

/** Where the signals go. */
export interface SignalParts {
  readonly http: HttpMetrics;
  readonly inference: InferenceMetrics;
  readonly providers: ProviderMetrics;
  readonly explanations: Explanations;
}

const MS_PER_SECOND = 1000;

/** Creates the one place that turns the ends of attempts and requests into signals. */
export function createSignals({ http, inference, providers, explanations }: SignalParts): Signals {
  const endpoints = new Map<string, EndpointMetrics>(
    ENDPOINTS.map(({ route }) => [route, http.endpoint(route)]),
  );
  const stages = new Float64Array(REQUEST_STAGES.length);

  return {
    attemptEnded(attempt) {
      countAttempt(attempt, providers);
      noteHealth(attempt);
    },
    failedOver(route, from, to, reason) {
      inference.failedOver(route.label, from.provider.name, to.provider.name, reason);
    },
    passedOver(target) {
      target.provider.metrics.rejected();
    },
    eventDropped(target) {
      target.metrics.droppedEvents.inc();
    },
    requestEnded(exchange) {
      countInference(exchange);
      const endpoint = endpoints.get(exchange.endpoint.route);
      if (endpoint !== undefined) countTimes(exchange, endpoint, stages);
      explanations.add(exchange);
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

function countInference(exchange: Exchange): void {
  const attempt = exchange.attempts.at(-1);
  if (attempt === undefined) return;
  const { metrics } = attempt.target;
  const { parsedAt } = exchange.arrival.times;
  (exchange.outcome === 'success' ? metrics.succeeded : metrics.failed).inc();
  metrics.duration.observe((exchange.endedAt - parsedAt) / MS_PER_SECOND);
  const { usage } = exchange;
  if (usage !== null) {
    metrics.inputTokens.inc(usage.inputTokens);
    metrics.outputTokens.inc(usage.outputTokens);
  }
  const atEndpoint = metrics.endpoint(exchange.endpoint.route);
  if (attempt.firstByteAt > 0) {
    atEndpoint.timeToFirstByte.observe((attempt.firstByteAt - attempt.startedAt) / MS_PER_SECOND);
  }
  if (exchange.streamEnd === null || exchange.stream === null) return;
  metrics.streams[exchange.streamEnd].inc();
  const { firstChunkAt, lastChunkAt, chunks } = exchange.stream;
  if (chunks === 0) return;
  metrics.timeToFirstChunk.observe((firstChunkAt - parsedAt) / MS_PER_SECOND);
  const seconds = (lastChunkAt - firstChunkAt) / MS_PER_SECOND;
  atEndpoint.streamingDuration.observe(seconds);
  if (chunks > 1) metrics.timePerOutputChunk.observe(seconds / (chunks - 1));
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
