import {
  type Config,
  ConfigError,
  type ConfigProblem,
  type Environment,
  readConfig,
  type Secrets,
} from '@gatewayz/config';
import { findSettingProblems } from './monitor/monitor-settings.ts';

/** The configuration of both apps, and where this one listens when it runs alone. */
export interface Settings {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly host: string;
  readonly port: number;
}

/** Reads the configuration; PORT and HOST are this process's own. Throws one `ConfigError` with every problem. */
export function readSettings(environment: Environment): Settings {
  const { PORT, HOST, ...rest } = environment;
  const problems: ConfigProblem[] = [];
  const port = PORT ? readPort(PORT, problems) : null;
  const read = readOrCollect(rest, problems);
  if (read === null) throw new ConfigError('health service', problems);
  const { healthService } = read.config;
  problems.push(...findSettingProblems(healthService));
  if (problems.length > 0) throw new ConfigError('health service', problems);
  return { ...read, host: HOST || healthService.host, port: port ?? healthService.port };
}

function readOrCollect(
  environment: Environment,
  problems: ConfigProblem[],
): { readonly config: Config; readonly secrets: Secrets } | null {
  try {
    return readConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError) || problems.length === 0) throw error;
    problems.push(...error.problems);
    return null;
  }
}

function readPort(text: string, problems: ConfigProblem[]): number | null {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  problems.push({ path: 'PORT', message: `expected a port from 0 to 65535, received ${text.slice(0, 20)}` });
  return null;
}
