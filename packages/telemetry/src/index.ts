export { activeTrace } from './logs/active-trace.ts';
export { captureConsole } from './logs/capture-console.ts';
export { createLogger } from './logs/create-logger.ts';
export { flushBeforeEnd } from './logs/flush-before-end.ts';
export { getLogger, setLogger } from './logs/global-logger.ts';
export type { LogClock } from './logs/line-clock.ts';
export type { FieldValue, LogFields } from './logs/log-fields.ts';
export type { LogLevel } from './logs/log-level.ts';
export { readLogLevel } from './logs/log-level.ts';
export type { LineOptions, LogCounts, Logger } from './logs/logger.ts';
export type { LoggerOptions, LokiOptions } from './logs/logger-options.ts';
export type { LokiCounts } from './logs/loki/loki-counts.ts';
export { createMask } from './logs/mask-secrets.ts';
export type { LoggerSettings } from './logs/read-logger-options.ts';
export { readLoggerOptions } from './logs/read-logger-options.ts';
export type { RepeatLimits } from './logs/repeat-limiter.ts';
export type { StdoutCounts } from './logs/stdout-sink.ts';
export type { BatchSink } from './traces/export-thread.ts';
export type {
  AttributeValue,
  FinishedSpan,
  SpanAttributes,
  SpanEvent,
  SpanKind,
  SpanLink,
  Trace,
} from './traces/finished-span.ts';
export { GEN_AI } from './traces/gen-ai-attributes.ts';
export { getTracing, installTracing } from './traces/global-tracing.ts';
export type { BatchResult } from './traces/otlp-sender.ts';
export { newSpanId, newTraceId } from './traces/random-ids.ts';
export type { RegisterTracingOptions } from './traces/register-tracing.ts';
export { registerTracing } from './traces/register-tracing.ts';
export { SharedAttributes } from './traces/shared-attributes.ts';
export type { SpanBatch, SpanScope } from './traces/span-batch.ts';
export type { SpanCounts } from './traces/span-queue.ts';
export type { TraceExemplar } from './traces/to-exemplar.ts';
export { toExemplar } from './traces/to-exemplar.ts';
export { createTracerProvider } from './traces/tracer-provider.ts';
export type {
  IncomingTraceHeaders,
  KeepReason,
  OutgoingTraceHeaders,
  Tracing,
  TracingOptions,
} from './traces/tracing.ts';
export { createTracing } from './traces/tracing.ts';
export type { TracingSettings } from './traces/tracing-settings.ts';
