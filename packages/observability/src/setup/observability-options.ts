import type { ForeignSource, Registry } from '@gatewayz/metrics';
import type { BreakerOptions } from '@gatewayz/provider-health';
import type { OnModuleError } from './module-errors.ts';

/** What the module may be told. Whatever is left out comes from the environment, else from a default. */
export interface ObservabilityOptions {
  /** The label `app_name`; `APP_NAME`, else `gatewayz`. */
  readonly appName?: string | undefined;
  /** What `/metrics` and the views want as a bearer token, null for none; `METRICS_TOKEN`. */
  readonly token?: string | null | undefined;
  /** `/metrics`. */
  readonly metricsPath?: string;
  /** `/prometheus/metrics`. */
  readonly viewsPath?: string;
  /** The registry to define the metrics on; a new one. */
  readonly registry?: Registry;
  /** Another library's registry, or several, shown after ours: prom-client's `register` is one. */
  readonly promClient?: ForeignSource | readonly ForeignSource[];
  /** Whether to show `process_*` and `nodejs_*`; true, unless the registry has them already. */
  readonly processMetrics?: boolean;
  /** The health service to poll, null for none; `HEALTH_SERVICE_URL`. */
  readonly healthServiceUrl?: string | null | undefined;
  /** Milliseconds between two polls; 30,000. */
  readonly pollIntervalMs?: number;
  /** Milliseconds between two ticks of the provider monitor; 30,000. Null: the host sets the provider gauges itself. */
  readonly monitorIntervalMs?: number | null;
  /** The Prometheus that the views ask for the whole fleet's numbers, null for this process alone; `PROMETHEUS_URL`. */
  readonly prometheusUrl?: string | null | undefined;
  /** Matchers that tell this fleet's series from others, such as `env="production"`; none. */
  readonly prometheusSelector?: string | undefined;
  /** Providers to show from the first scrape on; the others appear with their first inference. */
  readonly providers?: readonly string[];
  /** How many providers are told apart before the rest becomes `other`; 50. */
  readonly maxProviders?: number;
  /** How many pairs of provider and model are told apart before further models become `other`; 1,000. */
  readonly maxTargets?: number;
  readonly breaker?: Partial<BreakerOptions>;
  /** Length of the providers' windows in milliseconds; 300,000. */
  readonly windowMs?: number;
  /** Whether errors that end in a 5xx are counted as they pass; true. False: the host tells them all itself. */
  readonly exceptions?: boolean;
  /** Whether requests can be linked to their inferences, for the stages; true. */
  readonly stages?: boolean;
  /** Hears of the module's own errors. */
  readonly onError?: OnModuleError;
  /** In place of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The options, every one decided. */
export interface Settings {
  readonly appName: string;
  readonly token: string | null;
  readonly metricsPath: string;
  readonly viewsPath: string;
  readonly healthServiceUrl: string | null;
  readonly pollIntervalMs: number;
  readonly monitorIntervalMs: number | null;
  readonly prometheusUrl: string | null;
  readonly maxProviders: number;
  readonly maxTargets: number;
}

const HALF_A_MINUTE_MS = 30_000;

/** Decides every option. Throws a TypeError or a RangeError for one that makes no sense. */
export function readSettings(options: ObservabilityOptions): Settings {
  const env = options.env ?? process.env;
  const choose = (option: string | null | undefined, name: string): string | null =>
    option === undefined ? env[name] || null : option;
  const token = choose(options.token, 'METRICS_TOKEN');
  if (token !== null && !/^\S+$/.test(token)) {
    // The token itself is shown to nobody.
    throw new TypeError('token must be a string without spaces that is not empty');
  }
  return {
    appName: choose(options.appName, 'APP_NAME') ?? 'gatewayz',
    token,
    metricsPath: readPath('metricsPath', options.metricsPath ?? '/metrics'),
    viewsPath: readPath('viewsPath', options.viewsPath ?? '/prometheus/metrics'),
    healthServiceUrl: choose(options.healthServiceUrl, 'HEALTH_SERVICE_URL'),
    pollIntervalMs: options.pollIntervalMs ?? HALF_A_MINUTE_MS,
    monitorIntervalMs: options.monitorIntervalMs === undefined ? HALF_A_MINUTE_MS : options.monitorIntervalMs,
    prometheusUrl: choose(options.prometheusUrl, 'PROMETHEUS_URL'),
    maxProviders: readCount('maxProviders', options.maxProviders ?? 50),
    maxTargets: readCount('maxTargets', options.maxTargets ?? 1000),
  };
}

function readPath(option: string, path: string): string {
  if (typeof path === 'string' && /^(?:\/[\w.~-]+)+$/.test(path)) return path;
  throw new TypeError(`${option} must be a path such as /metrics, received ${JSON.stringify(path)}`);
}

function readCount(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`${option} must be a whole number of at least 1, received ${value}`);
}
