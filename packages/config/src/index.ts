export type {
  AnswerLimits,
  Capabilities,
  Config,
  HealthConfig,
  HealthServiceConfig,
  MaintenanceConfig,
  ModelConfig,
  ModelListsConfig,
  Price,
  ProbeTier,
  ProviderConfig,
  RetriesConfig,
  RoutingConfig,
  Secrets,
  ServerConfig,
  StreamingConfig,
  TargetConfig,
  TimeoutsConfig,
} from './config.ts';
export { ConfigError, type ConfigProblem } from './config-error.ts';
export { isModelName } from './config-schema.ts';
export type { Environment } from './environment.ts';
export { readConfig } from './read-config.ts';
