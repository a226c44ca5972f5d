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

/** Everything the process was told, frozen; times in milliseconds, sizes in bytes. */
export interface Config {
  readonly appName: string;
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
}
