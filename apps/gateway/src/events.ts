import {
  type EndpointMetrics,
  type HttpMetrics,
  type InferenceMetrics,
  REQUEST_STAGES,
} from '@gatewayz/observability';
import type { Outcome } from '@gatewayz/provider-health';
import type { Attempt } from './inference/attempt.ts';
import { ENDPOINTS } from './inference/endpoint.ts';
import type { Exchange } from './inference/exchange.ts';
import type { Route } from './providers/catalogue.ts';
import type { Target } from './providers/provider.ts';

/** Things that happen on the request path. Each becomes metrics here, and nowhere else. */
export interface Signals {
  attemptEnded(attempt: Attempt): void;
  failedOver(route: Route, from: Target, to: Target, reason: Outcome): void;
  requestEnded(exchange: Exchange): void;
}

const MS_PER_SECOND = 1000;

/** Creates the one place that turns the ends of attempts and requests into signals. */
export function createSignals(http: HttpMetrics, inference: InferenceMetrics): Signals {
  const endpoints = new Map<string, EndpointMetrics>(
    ENDPOINTS.map(({ route }) => [route, http.endpoint(route)]),
  );
  const stages = new Float64Array(REQUEST_STAGES.length);

  return {
    attemptEnded(attempt) {
      if (attempt.outcome !== null) attempt.target.metrics.attempts[attempt.outcome].inc();
    },
    failedOver(route, from, to, reason) {
      inference.failedOver(route.label, from.provider.name, to.provider.name, reason);
    },
    requestEnded(exchange) {
      countInference(exchange);
      const endpoint = endpoints.get(exchange.endpoint.route);
      if (endpoint !== undefined) countTimes(exchange, endpoint, stages);
    },
  };
}

function countInference(exchange: Exchange): void {
  const attempt = exchange.attempts.at(-1);
  if (attempt === undefined) return;
  const { metrics } = attempt.target;
  (exchange.outcome === 'success' ? metrics.succeeded : metrics.failed).inc();
  metrics.duration.observe((exchange.endedAt - exchange.arrival.parsedAt) / MS_PER_SECOND);
  const { usage } = exchange;
  if (usage !== null) {
    metrics.inputTokens.inc(usage.inputTokens);
    metrics.outputTokens.inc(usage.outputTokens);
  }
  const atEndpoint = metrics.endpoint(exchange.endpoint.route);
  if (attempt.firstByteAt > 0) {
    atEndpoint.timeToFirstByte.observe((attempt.firstByteAt - attempt.startedAt) / MS_PER_SECOND);
  }
  if (exchange.streamEnd === null) return;
  metrics.streams[exchange.streamEnd].inc();
  const { firstChunkAt, lastChunkAt, chunks } = exchange;
  if (chunks === 0) return;
  metrics.timeToFirstChunk.observe((firstChunkAt - exchange.arrival.parsedAt) / MS_PER_SECOND);
  const seconds = (lastChunkAt - firstChunkAt) / MS_PER_SECOND;
  atEndpoint.streamingDuration.observe(seconds);
  if (chunks > 1) metrics.timePerOutputChunk.observe(seconds / (chunks - 1));
}

/** Splits the whole time into its stages, in the order of REQUEST_STAGES, and finds what the gateway itself took. */
function countTimes(exchange: Exchange, endpoint: EndpointMetrics, stages: Float64Array): void {
  const { arrival, firstCallAt, endedAt, attempts } = exchange;
  let waited = 0;
  for (const attempt of attempts) waited += attempt.endedAt - attempt.startedAt;
  const last = attempts.at(-1);
  const answeredAt = last?.endedAt ?? endedAt;
  const firstChunkAt = exchange.firstChunkAt || answeredAt;
  stages[0] = (arrival.parsedAt - arrival.authenticatedAt) / MS_PER_SECOND;
  stages[1] = (arrival.authenticatedAt - arrival.receivedAt) / MS_PER_SECOND;
  stages[2] = (firstCallAt - arrival.parsedAt) / MS_PER_SECOND;
  stages[3] = (firstChunkAt - firstCallAt) / MS_PER_SECOND;
  stages[4] = (answeredAt - firstChunkAt) / MS_PER_SECOND;
  stages[5] = (endedAt - answeredAt) / MS_PER_SECOND;
  endpoint.stages(stages);
  endpoint.frontendProcessing((firstCallAt - arrival.receivedAt) / MS_PER_SECOND);
  endpoint.overhead(Math.max(0, endedAt - arrival.bodyReadAt - waited) / MS_PER_SECOND);
}
