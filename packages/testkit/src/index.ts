export type { Clock, TimerHandle } from './clock/clock.ts';
export { systemClock } from './clock/clock.ts';
export type { ManualClock } from './clock/manual-clock.ts';
export { createManualClock } from './clock/manual-clock.ts';
export type {
  FakeHealthService,
  FakeHealthServiceOptions,
  HealthRequest,
} from './fake-health-service/fake-health-service.ts';
export { startFakeHealthService } from './fake-health-service/fake-health-service.ts';
export type { HealthPath, HealthScript } from './fake-health-service/health-script.ts';
export { toHealthyAnswer } from './fake-health-service/healthy-answer.ts';
export type { HealthServiceStats } from './fake-health-service/request-counts.ts';
export type { FakeLoki, FakeLokiOptions, LokiStats } from './fake-loki/fake-loki.ts';
export { startFakeLoki } from './fake-loki/fake-loki.ts';
export type { LokiLimits } from './fake-loki/loki-limits.ts';
export { LOKI_LIMITS } from './fake-loki/loki-limits.ts';
export type { LokiScript } from './fake-loki/loki-script.ts';
export type { DiscardReason, StoredStream } from './fake-loki/loki-store.ts';
export type { LokiEntry } from './fake-loki/read-push.ts';
export type { FakeOtlp, FakeOtlpOptions, OtlpRequestLog } from './fake-otlp/fake-otlp.ts';
export { startFakeOtlp } from './fake-otlp/fake-otlp.ts';
export type { OtlpScript } from './fake-otlp/otlp-script.ts';
export type {
  ReceivedAttributes,
  ReceivedEvent,
  ReceivedLink,
  ReceivedSpan,
  ReceivedValue,
} from './fake-otlp/received-span.ts';
export type { Attempt, AttemptEnd } from './fake-provider/attempt.ts';
export type { LogDepth, ModelStats, ProviderStats } from './fake-provider/attempt-log.ts';
export type { TokenUsage } from './fake-provider/expected-answer.ts';
export {
  countTokens,
  expectedAnswer,
  expectedUsage,
  splitIntoPieces,
} from './fake-provider/expected-answer.ts';
export type { FakeProvider, FakeProviderOptions } from './fake-provider/fake-provider.ts';
export { startFakeProvider } from './fake-provider/fake-provider.ts';
export type { HttpRequest } from './fake-provider/http-request-parser.ts';
export type { Endpoint, ProviderRequest } from './fake-provider/read-openai-request.ts';
export type {
  AnswerScript,
  BodyScript,
  BodySource,
  Chunking,
  ContentEncoding,
  Delivery,
  DropScript,
  Fault,
  FaultPoint,
  HangScript,
  RawScript,
  Script,
  ScriptFunction,
  ScriptSource,
  StreamShape,
  ToolCallScript,
  UsageScript,
} from './fake-provider/script.ts';
export type { FailureOptions } from './fake-provider/scripts.ts';
export {
  answers,
  cutsAt,
  drops,
  dropsReused,
  failsWith,
  failsWith200,
  hangs,
  mixes,
  noise,
  redirectsTo,
  repliesHtml,
  repliesWith,
  repliesWithBytes,
  repliesWithoutChoices,
  sendsRaw,
  stallsAt,
  streamsRaw,
} from './fake-provider/scripts.ts';
export type { Metrics } from './metrics-text/metrics.ts';
export { histogramProblems, readMetrics } from './metrics-text/metrics.ts';
export type { Labels, MetricFamily, MetricType, Sample } from './metrics-text/parse-exposition.ts';
export { ExpositionError, parseExposition } from './metrics-text/parse-exposition.ts';
export type { GatewayOptions, RunningGateway } from './processes/start-gateway.ts';
export { repositoryRoot, startGateway } from './processes/start-gateway.ts';
export type { PostgresOptions, RunningPostgres } from './processes/start-postgres.ts';
export { startPostgres } from './processes/start-postgres.ts';
export type { ProcessExit, ProcessOptions, RunningProcess } from './processes/start-process.ts';
export { startProcess } from './processes/start-process.ts';
export type { PrometheusOptions, QueryResult, RunningPrometheus } from './processes/start-prometheus.ts';
export { startPrometheus } from './processes/start-prometheus.ts';
export type { RedisOptions, RunningRedis } from './processes/start-redis.ts';
export { startRedis } from './processes/start-redis.ts';
export type { TemporaryFolder } from './processes/temporary-folder.ts';
export { temporaryFolder } from './processes/temporary-folder.ts';
export type { CollectedChat, CollectedToolCall } from './sse/collect-chat.ts';
export { collectChat } from './sse/collect-chat.ts';
export type { SseEnd, SseEvent, SseReading } from './sse/read-sse.ts';
export { readSse } from './sse/read-sse.ts';
export type { ChaosProxy, ChaosProxyOptions, ProxyStats } from './wire/chaos-proxy.ts';
export { startChaosProxy } from './wire/chaos-proxy.ts';
export { freePort } from './wire/free-port.ts';
export type { ProxyDirection, ProxyFault } from './wire/proxy-pipe.ts';
export type { RawAnswer, RawRequestOptions } from './wire/raw-request.ts';
export { rawRequest } from './wire/raw-request.ts';
