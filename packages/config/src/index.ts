export type {
  AnswerLimits,
  Capabilities,
  Config,
  HealthConfig,
  HealthServiceConfig,
  LedgerConfig,
  LogsConfig,
  MaintenanceConfig,
  ModelConfig,
  ModelListsConfig,
  Price,
  ProbeTier,
  PrometheusConfig,
  ProviderConfig,
  RateLimitsConfig,
  ResponseCacheConfig,
  RetriesConfig,
  RoutingConfig,
  Secrets,
  ServerConfig,
  StreamingConfig,
  TargetConfig,
  TimeoutsConfig,
  TracesConfig,
} from './config.ts';
export { ConfigError, type ConfigProblem } from './config-error.ts';
export { isModelName } from './config-schema.ts';
export type { Environment } from './environment.ts';
export { readConfig } from './read-config.ts';
export {
  type LoggerSettings,
  type TracingSettings,
  toLoggerSettings,
  toTracingSettings,
} from './telemetry-settings.ts';
