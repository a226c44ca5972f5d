import type { BreakerOptions } from '@gatewayz/provider-health';

/** The port and its limits. */
export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly bodyLimitBytes: number;
  readonly headersTimeoutMs: number;
  /** Headers and body together. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How long a client may leave its answer unread before it counts as gone. */
  readonly writeTimeoutMs: number;
  /** After SIGTERM: how long /health/ready answers 503 while the port still accepts. */
  readonly drainDelayMs: number;
  /** After SIGTERM: how long requests under way may go on. */
  readonly drainDeadlineMs: number;
}

/** What a provider can do beyond the common API. */
export interface Capabilities {
  /** Continues a last assistant message instead of answering it. */
  readonly assistantPrefill: boolean;
  /** Knows `stream_options.include_usage`. */
  readonly streamUsage: boolean;
}

/** One provider as the gateway uses it; its key is among the {@link Secrets}. */
export interface ProviderConfig {
  readonly name: string;
  /** Without a trailing slash; endpoints are appended to it. */
  readonly baseUrl: string;
  /** Resells the models of other providers. */
  readonly resells: boolean;
  /** `null`: the provider's own list is asked. */
  readonly models: readonly string[] | null;
  /** Further headers of every request to it, e.g. an organisation. */
  readonly headers: Readonly<Record<string, string>>;
  readonly capabilities: Capabilities;
  /** By model, for the strategy `cost`; a model without a price comes last. */
  readonly prices: Readonly<Record<string, Price>>;
  /** Whether the base URL's name may resolve to an address of a private network. */
  readonly allowPrivateAddresses: boolean;
  readonly maxConnections: number;
}

/** US dollars per million tokens. */
export interface Price {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  /** Input read from the provider's cache; as other input where it is not set. */
  readonly cachedInputUsdPerMillion?: number | undefined;
}

/** One model at one provider, by name. */
export interface TargetConfig {
  readonly provider: string;
  readonly model: string;
}

/** A name that clients may ask for, and its targets in order of preference. */
export interface ModelConfig {
  readonly name: string;
  readonly targets: readonly TargetConfig[];
  /** Whether a stream that breaks off may be continued on another target. */
  readonly continuation: boolean;
}

/** How a target is chosen among those that may be called. */
export interface RoutingConfig {
  /** In order; by score; by latency; by price. */
  readonly strategy: 'priority' | 'health' | 'latency' | 'cost';
  /** Share of requests that `health` and `latency` send to another healthy target, so that its numbers stay known. */
  readonly exploreRatio: number;
}

/** How health is measured and shown. */
export interface HealthConfig {
  /** How often the health service is asked. */
  readonly pollIntervalMs: number;
  /** How often the provider gauges are set; a breaker's change sets them at once. */
  readonly monitorIntervalMs: number;
  /** Over how long error rate, latency and score look back. */
  readonly windowMs: number;
}

/** How much a model matters: how often it is probed. */
export type ProbeTier = 'critical' | 'popular' | 'standard' | 'on_demand';

/** A planned time of no blame, in UTC: once, or every week. */
export type MaintenanceConfig = {
  /** Everything, where neither is named. */
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
} & (
  | { readonly fromEpochMs: number; readonly toEpochMs: number }
  /** Days 0 Sunday … 6 Saturday; minutes of the day, `toMinute` not above `fromMinute` being on the day after. */
  | { readonly weekdays: readonly number[]; readonly fromMinute: number; readonly toMinute: number }
);

/** The health service: what it probes, how often, and for how much. */
export interface HealthServiceConfig {
  /** Whether the gateway starts one beside itself where none is given by its URL. */
  readonly embedded: boolean;
  readonly host: string;
  readonly port: number;
  /** The gateway whose /metrics tells what live traffic there is. */
  readonly backendUrl?: string | undefined;
  /** By `provider/model`, `model` or `provider/*`; the rest by traffic. */
  readonly tiers: Readonly<Record<string, ProbeTier>>;
  /** The longest time between two probes. */
  readonly intervals: {
    readonly criticalMs: number;
    readonly popularMs: number;
    readonly standardMs: number;
    readonly onDemandMs: number;
    /** Of a target that fails, whatever its tier. */
    readonly failingMs: number;
  };
  readonly probes: {
    /** Whether small completions may be asked for, which cost money; else only what is free. */
    readonly completions: boolean;
    readonly timeoutMs: number;
    /** Probes under way at once. */
    readonly concurrency: number;
    readonly concurrencyPerProvider: number;
    readonly perMinutePerProvider: number;
  };
  /** What probes may cost, per provider and UTC day. */
  readonly budget: { readonly tokensPerDay: number; readonly usdPerDay: number };
  /** Asked when nothing else answers, to tell whether the monitor itself is offline. */
  readonly connectivityUrl?: string | undefined;
  readonly maintenance: readonly MaintenanceConfig[];
}

/** What is done for streams that break off. */
export interface StreamingConfig {
  /** Whether another target may continue them. */
  readonly continuation: boolean;
}

/** How often a failed request is tried again. */
export interface RetriesConfig {
  /** Further attempts after the first. */
  readonly attempts: number;
  /** Retries ÷ requests, at most, but for a small floor; moving on to a healthy target is free. */
  readonly budgetRatio: number;
  /** The longest `Retry-After` that is waited for where no other target is left. */
  readonly maxWaitMs: number;
}

/** Deadlines of an inference request. */
export interface TimeoutsConfig {
  readonly connectMs: number;
  /** From the call of a provider to the first event of its stream. */
  readonly firstTokenMs: number;
  /** From the call of a provider to the first byte of a plain answer, which comes when the whole text is made. */
  readonly answerMs: number;
  /** Between two events of a stream, or two reads of a plain answer. */
  readonly idleMs: number;
  /** The whole request, every attempt included. */
  readonly totalMs: number;
}

/** How providers' own model lists are kept fresh. */
export interface ModelListsConfig {
  readonly refreshMs: number;
  /** Wait before a list that could not be had is asked for again. */
  readonly retryMs: number;
}

/** What is accepted from a provider. */
export interface AnswerLimits {
  /** Largest plain answer. */
  readonly answerBytes: number;
  /** Largest single event of a stream. */
  readonly eventBytes: number;
}

/** The Prometheus server that scrapes the gateways, where `PROMETHEUS_URL` names one. */
export interface PrometheusConfig {
  /** One label matcher in PromQL's words, which tells this fleet from others on the same server. */
  readonly selector?: string | undefined;
}

/** How much is logged, and how. */
export interface LogsConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'json' | 'logfmt';
  /** Where this runs, as a label: `production`, `staging`, … */
  readonly environment: string;
  /** Whether the bodies of requests and answers are logged; for searching faults, never for production. */
  readonly bodies: boolean;
  readonly lokiTenant?: string | undefined;
  /** Loki takes it since 3.0. */
  readonly lokiStructuredMetadata: boolean;
}

/** How much one key, and one user over all keys, may ask for; null: as much as it likes. */
export interface RateLimitsConfig {
  readonly key: {
    readonly requestsPerMinute: number | null;
    readonly tokensPerMinute: number | null;
    /** Requests under way at once. */
    readonly concurrency: number | null;
  };
  readonly user: { readonly requestsPerMinute: number | null; readonly tokensPerMinute: number | null };
  /** How long the places of requests stay taken in Redis when their process was killed. */
  readonly leaseMs: number;
}

/** Answers of plain requests that are given again to the same ones. */
export interface ResponseCacheConfig {
  readonly enabled: boolean;
  /** Among whose requests: of one key, of one user, of all. */
  readonly scope: 'key' | 'user' | 'all';
  readonly ttlMs: number;
  readonly maxEntryBytes: number;
  /** Of all answers in memory. */
  readonly maxBytes: number;
}

/** Accounts, credits and the record of what was used. */
export interface LedgerConfig {
  /** Without it keys come from the configuration alone, and nothing is written down. */
  readonly enabled: boolean;
  readonly creditsPerUsd: number;
  /** Whether users may call models without a known price, which costs them nothing. */
  readonly unpriced: 'refuse' | 'allow';
  /** What a request is taken to ask for that sets no limit of its own, when credit is reserved for it. */
  readonly defaultOutputTokens: number;
}

/** Which traces are kept beyond those that are sampled, and who sees their ids. */
export interface TracesConfig {
  /** Whether providers are sent `traceparent`. */
  readonly toProviders: boolean;
  /** From how long a request is kept whatever the sampling said. */
  readonly slowMs: number;
}

/** Everything the process was told, frozen; times in milliseconds, sizes in bytes. */
export interface Config {
  readonly appName: string;
  /** Processes that share the port; with 1 there is no process beside the gateway itself. */
  readonly workers: number;
  readonly server: ServerConfig;
  readonly auth: 'keys' | 'open';
  readonly providers: readonly ProviderConfig[];
  readonly models: readonly ModelConfig[];
  readonly retries: RetriesConfig;
  readonly timeouts: TimeoutsConfig;
  readonly modelLists: ModelListsConfig;
  readonly limits: AnswerLimits;
  readonly routing: RoutingConfig;
  readonly breaker: BreakerOptions;
  readonly health: HealthConfig;
  readonly streaming: StreamingConfig;
  readonly healthService: HealthServiceConfig;
  /** Where the health service is, if the process is not to start its own. */
  readonly healthServiceUrl: string | null;
  readonly ledger: LedgerConfig;
  readonly rateLimits: RateLimitsConfig;
  readonly responseCache: ResponseCacheConfig;
  readonly prometheus: PrometheusConfig;
  readonly logs: LogsConfig;
  readonly traces: TracesConfig;
  /** Everything that a process writes goes here. */
  readonly dataDir: string;
}

/** What must never be printed, kept apart from the configuration. */
export interface Secrets {
  /** Keys that clients may use; empty where none is configured. */
  readonly clientKeys: readonly string[];
  /** Provider name → API key. */
  readonly providerKeys: ReadonlyMap<string, string>;
  /** Bearer token of /metrics, if it wants one. */
  readonly metricsToken: string | null;
  /** Bearer token of /admin; without one there is no /admin. */
  readonly adminToken: string | null;
  /** What API keys are hashed with; without it a file in the data folder holds one. */
  readonly keyPepper: string | null;
  /** Both hold credentials; null where there is none. */
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  /** Where Prometheus and Loki are; both may hold credentials. */
  readonly prometheusUrl: string | null;
  readonly lokiUrl: string | null;
  /** OpenTelemetry's own variables (`OTEL_*`), which name endpoints and hold headers. */
  readonly openTelemetry: Readonly<Record<string, string>>;
}
