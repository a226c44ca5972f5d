import { describe, expect, test } from 'vitest';
import { createMask } from '../logs/mask-secrets.ts';
import type { Environment } from './environment-values.ts';
import { readTracingSettings, type TracingSettings } from './tracing-settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://tempo:4318' };

function readAll(environment: Environment): readonly [TracingSettings | null, readonly string[]] {
  const problems: string[] = [];
  return [readTracingSettings(environment, 'shop', (problem) => problems.push(problem)), problems];
}

function read(environment: Environment): TracingSettings {
  const [settings, problems] = readAll({ ...ENDPOINT, ...environment });
  expect(problems).toEqual([]);
  if (settings === null) throw new Error('tracing is off');
  return settings;
}

describe('tracing is off', () => {
  test.each<[string, Environment]>([
    ['without an endpoint', {}],
    ['with an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['when the SDK is disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }],
    ['without an exporter', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
  ])('%s', (_, environment) => {
    expect(readAll(environment)).toEqual([null, []]);
  });

  test.each(['tempo:4318', 'ftp://tempo/', 'http://', 'nonsense'])(
    'and it is said why, with %s',
    (endpoint) => {
      const [settings, problems] = readAll({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      expect(settings).toBeNull();
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    },
  );
});

describe('the endpoint', () => {
  test.each([
    ['http://tempo:4318', 'http://tempo:4318/v1/traces'],
    ['http://tempo:4318/', 'http://tempo:4318/v1/traces'],
    ['https://host/otlp', 'https://host/otlp/v1/traces'],
    ['https://host/otlp/?key=1', 'https://host/otlp/v1/traces?key=1'],
  ])('of all signals %s gets the path of traces', (endpoint, url) => {
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).otlp.url).toBe(url);
  });

  test('of traces is taken as it is, and comes first', () => {
    expect(read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:1/x' }).otlp.url).toBe(
      'http://other:1/x',
    );
    expect(read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:1' }).otlp.url).toBe('http://other:1/');
  });
});

test('without more than an endpoint the defaults are used', () => {
  const settings = read({});
  expect(settings).toEqual({
    otlp: {
      url: 'http://tempo:4318/v1/traces',
      headers: {},
      isGzip: false,
      timeoutMs: 10_000,
      batchTimeoutMs: 30_000,
    },
    sampler: { isParentBased: true, ratio: 1, keepsLate: true },
    queue: { maxSpans: 16_384, maxBytes: 33_554_432, batchSpans: 512, delayMs: 5000, batchTimeoutMs: 30_000 },
    limits: {
      attributes: 128,
      valueLength: 8192,
      events: 128,
      links: 128,
      attributesPerEvent: 128,
      attributesPerLink: 128,
    },
    propagators: { tracecontext: true, baggage: false },
    resource: { 'service.name': 'shop' },
  });
});

test('every variable is read, and that of traces comes before that of all signals', () => {
  const settings = read({
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20abc%3D,x-scope=one',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-scope=two',
    OTEL_EXPORTER_OTLP_TIMEOUT: '5',
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '7',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'GZIP',
    OTEL_BSP_EXPORT_TIMEOUT: '9',
    OTEL_BSP_SCHEDULE_DELAY: '11',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    OTEL_ATTRIBUTE_COUNT_LIMIT: '5',
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '6',
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '60',
    OTEL_SPAN_EVENT_COUNT_LIMIT: '0',
    OTEL_PROPAGATORS: 'tracecontext, baggage',
  });
  expect(settings.otlp).toMatchObject({
    headers: { authorization: 'Basic abc=', 'x-scope': 'two' },
    isGzip: true,
    timeoutMs: 7,
    batchTimeoutMs: 9,
  });
  expect(settings.queue).toMatchObject({ maxSpans: 100, batchSpans: 10, delayMs: 11, batchTimeoutMs: 9 });
  expect(settings.limits).toMatchObject({ attributes: 5, valueLength: 6, events: 0 });
  expect(settings.propagators).toEqual({ tracecontext: true, baggage: true });
});

test('a batch is never larger than the queue', () => {
  expect(read({ OTEL_BSP_MAX_QUEUE_SIZE: '50' }).queue).toMatchObject({ maxSpans: 50, batchSpans: 50 });
});

test.each([
  ['always_on', '', { isParentBased: false, ratio: 1, keepsLate: true }],
  ['always_off', '', { isParentBased: false, ratio: 0, keepsLate: false }],
  ['traceidratio', '0.25', { isParentBased: false, ratio: 0.25, keepsLate: true }],
  ['traceidratio', '', { isParentBased: false, ratio: 1, keepsLate: true }],
  ['parentbased_always_on', '0.5', { isParentBased: true, ratio: 1, keepsLate: true }],
  ['parentbased_always_off', '', { isParentBased: true, ratio: 0, keepsLate: true }],
  ['parentbased_traceidratio', '0', { isParentBased: true, ratio: 0, keepsLate: true }],
])('the sampler %s with %s', (name, argument, sampler) => {
  expect(read({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument }).sampler).toEqual(sampler);
});

test('the service is named by its variable, then by the resource, then by the caller', () => {
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=res,deployment.environment=a%2Cb' };
  expect(read({ ...attributes, OTEL_SERVICE_NAME: 'own' }).resource).toEqual({
    'service.name': 'own',
    'deployment.environment': 'a,b',
  });
  expect(read(attributes).resource['service.name']).toBe('res');
});

test.each<[string, string]>([
  ['OTEL_SDK_DISABLED', 'yes'],
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'no-pair'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%ZZ'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'bad name=1'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=1%0D%0Ax: y'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'content-length=5'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '-1'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '1e12'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd'],
  ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/ca.pem'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '-7'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', 'many'],
  ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '100000'],
  ['OTEL_BSP_SCHEDULE_DELAY', '1.5'],
  ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', '-1'],
  ['OTEL_PROPAGATORS', 'b3'],
  ['OTEL_RESOURCE_ATTRIBUTES', '=x'],
])('a bad %s (%s) is told without its value, in words that the log leaves as they are', (name, value) => {
  const [settings, problems] = readAll({ ...ENDPOINT, [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(name);
  expect(problems[0]).not.toContain(value);
  expect(createMask()(problems[0] ?? '')).toBe(problems[0]);
  // The default stands in its place.
  expect(settings).toEqual(readAll(ENDPOINT)[0]);
});

test('of a list of propagators the known part is used', () => {
  const [settings, problems] = readAll({ ...ENDPOINT, OTEL_PROPAGATORS: 'b3,baggage' });
  expect(settings?.propagators).toEqual({ tracecontext: false, baggage: true });
  expect(problems).toHaveLength(1);
  expect(read({ OTEL_PROPAGATORS: 'none' }).propagators).toEqual({ tracecontext: false, baggage: false });
});

test('a bad argument of the sampler samples everything', () => {
  for (const argument of ['2', '-0.1', 'half']) {
    const environment = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: argument };
    const [settings, problems] = readAll({ ...ENDPOINT, ...environment });
    expect([settings?.sampler.ratio, problems.length]).toEqual([1, 1]);
  }
});
