import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { createEnvironmentValues, type Environment, type EnvironmentValues } from './environment-values.ts';
import { type OtlpSettings, readOtlpSettings } from './otlp-settings.ts';
import type { SamplerSettings } from './sampler.ts';
import type { SpanLimits } from './span-limits.ts';

/** How many spans wait, and how they leave. */
export interface QueueSettings {
  readonly maxSpans: number;
  /** Of the estimated size. */
  readonly maxBytes: number;
  readonly batchSpans: number;
  readonly delayMs: number;
  /** After which a batch that nothing was heard of is given up. */
  readonly batchTimeoutMs: number;
}

/** Everything that the environment says about traces. */
export interface TracingSettings {
  readonly otlp: OtlpSettings;
  readonly sampler: SamplerSettings;
  readonly queue: QueueSettings;
  readonly limits: SpanLimits;
  readonly propagators: Propagators;
  /** What describes this process, `service.name` among it. */
  readonly resource: Readonly<Record<string, string>>;
}

/** What is taken from incoming headers, and passed on. */
export interface Propagators {
  readonly tracecontext: boolean;
  readonly baggage: boolean;
}

const SAMPLERS = [
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'always_on',
  'always_off',
  'traceidratio',
] as const;
const MAX_COUNT = 1_000_000;
// The specification's 2,048 are less than a second's spans of a busy gateway; bytes bound the memory as well.
const DEFAULT_QUEUE_SPANS = 16_384;
const MAX_QUEUE_BYTES = 32 * 1024 * 1024;
// The specification knows no default here; without one a single value could be of any size.
const DEFAULT_VALUE_LENGTH = 8192;

/**
 * Reads the standard `OTEL_*` variables, or says null where traces are off: no endpoint, `OTEL_SDK_DISABLED=true`, or
 * `OTEL_TRACES_EXPORTER=none`. A bad variable is reported as one sentence, and its default is used.
 */
export function readTracingSettings(
  environment: Environment,
  serviceName: string,
  onProblem: (problem: string) => void,
): TracingSettings | null {
  const values = createEnvironmentValues(environment, onProblem);
  if (values.isTrue('OTEL_SDK_DISABLED')) return null;
  if (values.choice('OTEL_TRACES_EXPORTER', ['otlp', 'none'], 'otlp') === 'none') return null;
  const otlp = readOtlpSettings(values);
  if (otlp === null) return null;
  return {
    otlp,
    sampler: readSampler(values),
    queue: readQueue(values, otlp.batchTimeoutMs),
    limits: readLimits(values),
    propagators: readPropagators(values),
    resource: readResource(values, serviceName),
  };
}

function readSampler(values: EnvironmentValues): SamplerSettings {
  const name = values.choice('OTEL_TRACES_SAMPLER', SAMPLERS, 'parentbased_always_on');
  const isParentBased = name.startsWith('parentbased_');
  const keepsLate = name !== 'always_off';
  if (!name.endsWith('traceidratio')) {
    return { isParentBased, keepsLate, ratio: name.endsWith('always_on') ? 1 : 0 };
  }
  const text = values.text('OTEL_TRACES_SAMPLER_ARG');
  const ratio = text === '' ? 1 : Number(text);
  if (ratio >= 0 && ratio <= 1) return { isParentBased, keepsLate, ratio };
  values.complain('OTEL_TRACES_SAMPLER_ARG', 'a number from 0 to 1', '1');
  return { isParentBased, keepsLate, ratio: 1 };
}

function readQueue(values: EnvironmentValues, batchTimeoutMs: number): QueueSettings {
  const count = (name: string, max: number, byDefault: number): number =>
    values.wholeNumber([name], { min: 1, max, byDefault: Math.min(byDefault, max) });
  const maxSpans = count('OTEL_BSP_MAX_QUEUE_SIZE', MAX_COUNT, DEFAULT_QUEUE_SPANS);
  return {
    maxSpans,
    maxBytes: MAX_QUEUE_BYTES,
    batchSpans: count('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', maxSpans, 512),
    delayMs: values.wholeNumber(['OTEL_BSP_SCHEDULE_DELAY'], { min: 0, max: 2 ** 31 - 1, byDefault: 5000 }),
    batchTimeoutMs,
  };
}

function readLimits(values: EnvironmentValues): SpanLimits {
  const count = (names: readonly string[], byDefault = 128): number =>
    values.wholeNumber(names, { min: 0, max: MAX_COUNT, byDefault });
  return {
    attributes: count(['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT']),
    valueLength: count(
      ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
      DEFAULT_VALUE_LENGTH,
    ),
    events: count(['OTEL_SPAN_EVENT_COUNT_LIMIT']),
    links: count(['OTEL_SPAN_LINK_COUNT_LIMIT']),
    attributesPerEvent: count(['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT']),
    attributesPerLink: count(['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT']),
  };
}

function readPropagators(values: EnvironmentValues): Propagators {
  const name = 'OTEL_PROPAGATORS';
  const names = values
    .text(name)
    .toLowerCase()
    .split(',')
    .map((part) => part.trim());
  const asked = new Set(names.filter((part) => part !== ''));
  const isKnown = (part: string): boolean => ['tracecontext', 'baggage', 'none'].includes(part);
  const known = [...asked].filter(isKnown);
  if (known.length < asked.size) {
    values.complain(name, 'a list of tracecontext, baggage, none', known.join() || 'tracecontext');
  }
  if (known.length === 0) return { tracecontext: true, baggage: false };
  return { tracecontext: known.includes('tracecontext'), baggage: known.includes('baggage') };
}

function readResource(values: EnvironmentValues, serviceName: string): Readonly<Record<string, string>> {
  const attributes = values.pairs(['OTEL_RESOURCE_ATTRIBUTES']);
  const name = values.text('OTEL_SERVICE_NAME') || attributes[ATTR_SERVICE_NAME] || serviceName;
  return { ...attributes, [ATTR_SERVICE_NAME]: name };
}
