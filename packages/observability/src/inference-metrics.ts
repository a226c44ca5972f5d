import type { CounterChild, HistogramChild, Registry } from '@gatewayz/metrics';
import { OUTCOMES, type Outcome } from '@gatewayz/provider-health';
import { madeOnce } from './made-once.ts';
import type { MetricDefinition } from './metric-definition.ts';

const perTarget = ['provider', 'model'] as const;

/** Outcomes of an attempt times the targets that may be in use before the rest goes to `other`. */
const attemptSeries = 9 * 1000;

/** The inference section of the metric contract. A model is a label only where the catalogue lists it. */
const definitions = {
  requests: {
    name: 'model_inference_requests_total',
    type: 'counter',
    help: 'Requests of clients, one each, at the target that answered or failed last.',
    labels: ['provider', 'model', 'status'],
  },
  duration: {
    name: 'model_inference_duration_seconds',
    type: 'histogram',
    help: 'Time from the parsed request to the end of its answer, failed attempts included.',
    labels: perTarget,
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300],
  },
  attempts: {
    name: 'gatewayz_attempts_total',
    type: 'counter',
    help: 'Calls to targets, every one, by outcome.',
    labels: ['provider', 'model', 'outcome'],
    maxSeries: attemptSeries,
  },
  failovers: {
    name: 'gatewayz_failovers_total',
    type: 'counter',
    help: 'Requests that went on to another target, by the outcome that made them.',
    labels: ['model', 'from_provider', 'to_provider', 'reason'],
  },
  tokens: {
    name: 'tokens_used_total',
    type: 'counter',
    help: 'Tokens as the providers report them.',
    labels: ['provider', 'model', 'token_type'],
  },
  credits: {
    name: 'credits_used_total',
    type: 'counter',
    help: 'Credits charged.',
    labels: perTarget,
  },
  timeToFirstByte: {
    name: 'backend_ttfb_seconds',
    type: 'histogram',
    help: "Time from the call of a provider to the first byte of its answer's body, where it answered.",
    labels: ['provider', 'model', 'endpoint'],
    buckets: [0.1, 0.5, 1, 1.5, 2, 2.5, 3, 5, 10],
  },
  timeToFirstChunk: {
    name: 'time_to_first_chunk_seconds',
    type: 'histogram',
    help: 'Time from the parsed request to the first chunk of a stream handed to the client.',
    labels: perTarget,
    buckets: [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 10, 15],
  },
  streamingDuration: {
    name: 'streaming_duration_seconds',
    type: 'histogram',
    help: 'Time from the first to the last chunk of a stream.',
    labels: ['provider', 'model', 'endpoint'],
    buckets: [0.1, 0.5, 1, 1.5, 2, 2.5, 3, 5, 10, 30, 60],
  },
  timePerOutputChunk: {
    name: 'gatewayz_time_per_output_chunk_seconds',
    type: 'histogram',
    help: 'Mean time between two chunks of a stream, observed once a stream.',
    labels: perTarget,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
  streams: {
    name: 'gatewayz_streams_total',
    type: 'counter',
    help: 'Streams by how they ended.',
    labels: ['provider', 'model', 'end'],
    maxSeries: 5 * 1000,
  },
  droppedEvents: {
    name: 'gatewayz_stream_events_dropped_total',
    type: 'counter',
    help: 'Events of streams that were no JSON and were left out.',
    labels: perTarget,
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of the inference section, as data. */
export const inferenceCatalogue: readonly MetricDefinition[] = Object.values(definitions);

/** How a stream ended, as the client saw it. */
export const STREAM_ENDS = ['complete', 'continued', 'truncated', 'stalled', 'client_closed'] as const;
export type StreamEnd = (typeof STREAM_ENDS)[number];

/** What is counted at one endpoint of one target. */
export interface TargetEndpointMetrics {
  readonly timeToFirstByte: HistogramChild;
  readonly streamingDuration: HistogramChild;
}

/** What is counted at one target, its label sets resolved once. */
export interface TargetMetrics {
  /** The `model` label: a name of the catalogue, or `other`. */
  readonly label: string;
  readonly succeeded: CounterChild;
  readonly failed: CounterChild;
  readonly duration: HistogramChild;
  readonly attempts: Readonly<Record<Outcome, CounterChild>>;
  readonly inputTokens: CounterChild;
  readonly outputTokens: CounterChild;
  /** Counts credits charged; without any there is no series. */
  credits(amount: number): void;
  readonly timeToFirstChunk: HistogramChild;
  readonly timePerOutputChunk: HistogramChild;
  readonly streams: Readonly<Record<StreamEnd, CounterChild>>;
  readonly droppedEvents: CounterChild;
  /** Route patterns in place of paths. */
  endpoint(pattern: string): TargetEndpointMetrics;
}

/** The inference metrics of one application. */
export interface InferenceMetrics {
  /** The metrics of one model at one provider; the caller keeps them. */
  target(provider: string, model: string): TargetMetrics;
  /** A request of `model` went on to another provider; `reason` is the outcome that made it. */
  failedOver(model: string, fromProvider: string, toProvider: string, reason: Outcome): void;
}

/** Creates the inference section of the metric contract on a registry. */
export function createInferenceMetrics(registry: Registry): InferenceMetrics {
  const requests = registry.counter(definitions.requests);
  const duration = registry.histogram(definitions.duration);
  const attempts = registry.counter(definitions.attempts);
  const failovers = registry.counter(definitions.failovers);
  const tokens = registry.counter(definitions.tokens);
  const credits = registry.counter(definitions.credits);
  const timeToFirstByte = registry.histogram(definitions.timeToFirstByte);
  const timeToFirstChunk = registry.histogram(definitions.timeToFirstChunk);
  const streamingDuration = registry.histogram(definitions.streamingDuration);
  const timePerOutputChunk = registry.histogram(definitions.timePerOutputChunk);
  const streams = registry.counter(definitions.streams);
  const droppedEvents = registry.counter(definitions.droppedEvents);

  return {
    target(provider, model) {
      const labels = { provider, model };
      const endpoints = madeOnce((endpoint: string): TargetEndpointMetrics => {
        const endpointLabels = { ...labels, endpoint };
        return {
          timeToFirstByte: timeToFirstByte.labels(endpointLabels),
          streamingDuration: streamingDuration.labels(endpointLabels),
        };
      });
      const creditsUsed = madeOnce((_: null) => credits.labels(labels));
      return {
        label: model,
        succeeded: requests.labels({ ...labels, status: 'success' }),
        failed: requests.labels({ ...labels, status: 'error' }),
        duration: duration.labels(labels),
        attempts: childrenBy(OUTCOMES, (outcome) => attempts.labels({ ...labels, outcome })),
        inputTokens: tokens.labels({ ...labels, token_type: 'input' }),
        outputTokens: tokens.labels({ ...labels, token_type: 'output' }),
        credits: (amount) => creditsUsed(null).inc(amount),
        timeToFirstChunk: timeToFirstChunk.labels(labels),
        timePerOutputChunk: timePerOutputChunk.labels(labels),
        streams: childrenBy(STREAM_ENDS, (end) => streams.labels({ ...labels, end })),
        droppedEvents: droppedEvents.labels(labels),
        endpoint: endpoints,
      };
    },
    failedOver(model, fromProvider, toProvider, reason) {
      failovers.labels({ model, from_provider: fromProvider, to_provider: toProvider, reason }).inc();
    },
  };
}

function childrenBy<K extends string>(
  keys: readonly K[],
  child: (key: K) => CounterChild,
): Readonly<Record<K, CounterChild>> {
  return Object.fromEntries(keys.map((key) => [key, child(key)])) as Record<K, CounterChild>;
}
