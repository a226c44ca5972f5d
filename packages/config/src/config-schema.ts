import { type BreakerOptions, DEFAULT_BREAKER_OPTIONS } from '@gatewayz/provider-health';
import { z } from 'zod';
import type {
  AnswerLimits,
  Capabilities,
  HealthConfig,
  HealthServiceConfig,
  LedgerConfig,
  LogsConfig,
  ModelConfig,
  ModelListsConfig,
  Price,
  PrometheusConfig,
  RateLimitsConfig,
  ResponseCacheConfig,
  RetriesConfig,
  RoutingConfig,
  ServerConfig,
  StreamingConfig,
  TimeoutsConfig,
  TracesConfig,
} from './config.ts';
import { healthServiceSchema } from './health-service-schema.ts';
import { ledgerSchema, rateLimitsSchema, responseCacheSchema } from './limits-schema.ts';
import { logsSchema, prometheusSchema, tracesSchema } from './telemetry-schema.ts';

/** The configuration file once its defaults are in place. */
export interface ConfigFile {
  readonly server: ServerConfig;
  readonly auth?:
    | { readonly mode: 'keys'; readonly keys: readonly string[] }
    | { readonly mode: 'open' }
    | undefined;
  readonly providers: Readonly<Record<string, ProviderEntry>>;
  readonly models: Readonly<Record<string, Omit<ModelConfig, 'name'>>>;
  readonly routing: RoutingConfig;
  readonly retries: RetriesConfig;
  readonly timeouts: Omit<TimeoutsConfig, 'answerMs'> & { readonly answerMs?: number | undefined };
  readonly modelLists: ModelListsConfig;
  readonly limits: AnswerLimits;
  readonly breaker: BreakerOptions;
  readonly health: HealthConfig;
  readonly streaming: StreamingConfig;
  readonly healthService: HealthServiceConfig;
  readonly ledger: LedgerConfig;
  readonly rateLimits: RateLimitsConfig;
  readonly responseCache: ResponseCacheConfig;
  readonly prometheus: PrometheusConfig;
  readonly logs: LogsSection;
  readonly traces: TracesConfig;
}

/** What the file says of logs; the rest is the environment's. */
export type LogsSection = Omit<LogsConfig, 'level' | 'format' | 'environment'>;

/** A provider as the file has it; what is absent may come from a preset or the environment. */
export interface ProviderEntry {
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly models?: readonly string[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly capabilities: Capabilities;
  readonly prices: Readonly<Record<string, Price>>;
  readonly allowPrivateAddresses?: boolean | undefined;
  readonly maxConnections: number;
}

const milliseconds = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1).max(86_400_000).default(fallback);
const count = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1).max(1_000_000).default(fallback);
const bytes = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1024).max(1_073_741_824).default(fallback);
const ratio = (fallback: number): z.ZodDefault<z.ZodNumber> => z.number().min(0).max(1).default(fallback);

/** US dollars; a million for a million tokens is beyond any model. */
const price = z.number().min(0).max(1_000_000);

/** What a key may measure, in a file as in a header. */
const MAX_KEY_BYTES = 256;

/** Provider and route names become label values, URL parts and header values: letters, digits, `.`, `_`, `-`. */
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected letters, digits, ".", "_" or "-"');
/** Model names may hold slashes and colons, as providers write them, but nothing that needs escaping. */
const MODEL_NAME = /^[\w.:/@+~-][\w.:/@+~ -]{0,255}$/;
const model = z.string().regex(MODEL_NAME, 'expected a model name without control characters');

const clientKey = z
  .string()
  .min(1)
  .refine((key) => Buffer.byteLength(key) <= MAX_KEY_BYTES, `expected at most ${MAX_KEY_BYTES} bytes`);

const baseUrl = z
  .string()
  .refine((text) => URL.canParse(text), 'expected a URL')
  .refine((text) => /^https?:\/\//.test(text), 'expected http:// or https://')
  .refine((text) => !/[?#@]/.test(text), 'expected no query, fragment or credentials')
  .transform((text) => text.replace(/\/+$/, ''));

const provider = z.strictObject({
  baseUrl: baseUrl.optional(),
  apiKey: z.string().min(1).optional(),
  models: z.array(model).min(1).max(5000).optional(),
  headers: z.record(z.string().regex(/^[\w-]+$/), z.string().regex(/^[\x20-\x7e]*$/)).default({}),
  capabilities: z
    .strictObject({
      assistantPrefill: z.boolean().default(false),
      streamUsage: z.boolean().default(true),
    })
    .prefault({}),
  prices: z
    .record(
      model,
      z.strictObject({
        inputUsdPerMillion: price,
        outputUsdPerMillion: price,
        cachedInputUsdPerMillion: price.optional(),
      }),
    )
    .default({}),
  allowPrivateAddresses: z.boolean().optional(),
  maxConnections: count(1024),
});

const target = z.strictObject({ provider: name, model });

const configSchema: z.ZodType<ConfigFile> = z.strictObject({
  server: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(8000),
      bodyLimitBytes: bytes(10_485_760),
      headersTimeoutMs: milliseconds(10_000),
      requestTimeoutMs: milliseconds(60_000),
      keepAliveTimeoutMs: milliseconds(75_000),
      writeTimeoutMs: milliseconds(60_000),
      drainDelayMs: z.number().int().min(0).max(600_000).default(500),
      drainDeadlineMs: milliseconds(30_000),
    })
    .prefault({}),
  auth: z
    .discriminatedUnion('mode', [
      z.strictObject({ mode: z.literal('keys'), keys: z.array(clientKey).min(1) }),
      z.strictObject({ mode: z.literal('open') }),
    ])
    .optional(),
  providers: z.record(name, provider).default({}),
  models: z
    .record(
      model,
      z.strictObject({ targets: z.array(target).min(1).max(32), continuation: z.boolean().default(true) }),
    )
    .default({}),
  routing: z
    .strictObject({
      strategy: z.enum(['priority', 'health', 'latency', 'cost']).default('priority'),
      exploreRatio: ratio(0.01),
    })
    .prefault({}),
  retries: z
    .strictObject({
      attempts: z.number().int().min(0).max(10).default(2),
      budgetRatio: ratio(0.2),
      maxWaitMs: z.number().int().min(0).max(600_000).default(2000),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      connectMs: milliseconds(3000),
      firstTokenMs: milliseconds(30_000),
      answerMs: z.number().int().min(1).max(86_400_000).optional(),
      idleMs: milliseconds(15_000),
      totalMs: milliseconds(600_000),
    })
    .prefault({}),
  modelLists: z
    .strictObject({ refreshMs: milliseconds(600_000), retryMs: milliseconds(15_000) })
    .prefault({}),
  limits: z
    .strictObject({
      answerBytes: bytes(33_554_432),
      eventBytes: bytes(1_048_576),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      consecutiveFailures: count(DEFAULT_BREAKER_OPTIONS.consecutiveFailures),
      failureRatio: z.number().gt(0).max(1).default(DEFAULT_BREAKER_OPTIONS.failureRatio),
      minimumSamples: count(DEFAULT_BREAKER_OPTIONS.minimumSamples),
      windowMs: milliseconds(DEFAULT_BREAKER_OPTIONS.windowMs),
      openMs: milliseconds(DEFAULT_BREAKER_OPTIONS.openMs),
      maxOpenMs: milliseconds(DEFAULT_BREAKER_OPTIONS.maxOpenMs),
      halfOpenProbes: count(DEFAULT_BREAKER_OPTIONS.halfOpenProbes),
      closeAfter: count(DEFAULT_BREAKER_OPTIONS.closeAfter),
      jitter: ratio(DEFAULT_BREAKER_OPTIONS.jitter),
      probeExpiryMs: milliseconds(DEFAULT_BREAKER_OPTIONS.probeExpiryMs),
    })
    .refine((breaker) => breaker.maxOpenMs >= breaker.openMs, 'expected maxOpenMs to be no less than openMs')
    .prefault({}),
  health: z
    .strictObject({
      pollIntervalMs: milliseconds(30_000),
      monitorIntervalMs: milliseconds(30_000),
      windowMs: milliseconds(300_000),
    })
    .prefault({}),
  streaming: z.strictObject({ continuation: z.boolean().default(true) }).prefault({}),
  healthService: healthServiceSchema,
  ledger: ledgerSchema,
  rateLimits: rateLimitsSchema,
  responseCache: responseCacheSchema,
  prometheus: prometheusSchema,
  logs: logsSchema,
  traces: tracesSchema,
});

/** What parsing the content of a configuration file gives: the file, or everything that is wrong with it. */
export function parseConfigFile(content: unknown): z.ZodSafeParseResult<ConfigFile> {
  return configSchema.safeParse(content);
}

/** Whether a name may stand for a model in routes, labels and headers. */
export function isModelName(text: string): boolean {
  return MODEL_NAME.test(text);
}
