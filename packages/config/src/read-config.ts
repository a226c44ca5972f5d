import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Config, ProviderConfig, Secrets } from './config.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type ConfigFile, parseConfigFile } from './config-schema.ts';
import { type Environment, expandEnvironment } from './environment.ts';
import { apiKeyVariable, PRESETS } from './presets.ts';
import { readSecrets } from './read-secrets.ts';
import { readLogs, readUrl } from './read-telemetry.ts';
import { withoutFaults } from './without-faults.ts';

const DEFAULT_FILE = 'gatewayz.yaml';
const MAX_WORKERS = 64;
/** No other way to write a number is taken: who writes 1e1 or 0x4 may well mean something else. */
const DIGITS = /^\d+$/;
const HEADER_TEXT = /^[\x21-\x7e]+$/;

/**
 * Reads the configuration from the environment and the file that it names.
 * Throws one {@link ConfigError} that lists every problem, with secret values left out.
 */
export function readConfig(environment: Environment): { readonly config: Config; readonly secrets: Secrets } {
  const problems: ConfigProblem[] = [];
  const { source, raw } = readFile(environment, problems);
  const file = parseFile(raw, environment, problems);
  const found = new Set(problems.map(({ path }) => path));
  const further: ConfigProblem[] = [];
  const built = file === null ? null : buildConfig(file, environment, further);
  // What is missing only because the schema refused it has been told already.
  problems.push(...further.filter(({ path }) => !found.has(path)));
  if (built === null || problems.length > 0) throw new ConfigError(source, problems);
  return built;
}

function readFile(environment: Environment, problems: ConfigProblem[]): { source: string; raw: unknown } {
  const named = environment.GATEWAYZ_CONFIG;
  const path = named || DEFAULT_FILE;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    if (!named && code === 'ENOENT') return { source: 'environment', raw: {} };
    problems.push({ path: 'GATEWAYZ_CONFIG', message: `cannot read ${path} (${code})` });
    return { source: path, raw: {} };
  }
  const document = parseDocument(text, { uniqueKeys: true });
  for (const error of document.errors)
    problems.push({ path: '', message: error.message.split('\n')[0] ?? '' });
  if (document.errors.length > 0) return { source: path, raw: {} };
  try {
    return { source: path, raw: document.toJS({ maxAliasCount: 100 }) ?? {} };
  } catch {
    problems.push({ path: '', message: 'an alias (*name) has no anchor, or there are too many of them' });
    return { source: path, raw: {} };
  }
}

function parseFile(raw: unknown, environment: Environment, problems: ConfigProblem[]): ConfigFile | null {
  const expanded = expandEnvironment(raw, environment, (path, variable) => {
    problems.push({ path: toPath(path), message: `the environment variable ${variable} is not set` });
  });
  const parsed = parseConfigFile(expanded);
  if (parsed.success) return parsed.data;
  const seen = new Set(problems.map((problem) => problem.path));
  for (const issue of parsed.error.issues) {
    const path = toPath(issue.path);
    if (!seen.has(path)) problems.push({ path, message: describeIssue(issue, expanded) });
  }
  return parseConfigFile(withoutFaults(expanded, parsed.error.issues)).data ?? null;
}

function describeIssue(issue: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === 'unrecognized_keys')
    return `unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
  const received = valueAt(input, issue.path);
  return received === undefined ? issue.message : `${issue.message}, received ${show(issue.path, received)}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** Fields of a provider that may be shown; anything else there may hold a key, if only by mistake. */
const SHOWN_OF_PROVIDERS = new Set<PropertyKey>(['models', 'capabilities', 'prices', 'maxConnections']);

/** A received value for a message: short, and never one that may hold a secret. */
function show(path: readonly PropertyKey[], value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value !== null && typeof value === 'object') return 'an object';
  if (!mayShow(path, String(value))) return '(hidden)';
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

function mayShow([section, , field]: readonly PropertyKey[], text: string): boolean {
  if (section !== 'providers') return section !== 'auth' && section !== undefined;
  // A URL with credentials, or with a key in its query, is none to show.
  if (field === 'baseUrl') return text.includes(':') && !/[@?#]/.test(text);
  return field !== undefined && SHOWN_OF_PROVIDERS.has(field);
}

function toPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function buildConfig(
  file: ConfigFile,
  environment: Environment,
  problems: ConfigProblem[],
): { config: Config; secrets: Secrets } {
  const providerKeys = new Map<string, string>();
  const providers = readProviders(file, environment, providerKeys, problems);
  for (const [name, route] of Object.entries(file.models)) {
    route.targets.forEach((target, index) => {
      if (!providers.some((provider) => provider.name === target.provider)) {
        const path = `models.${name}.targets[${index}].provider`;
        problems.push({ path, message: `no provider is named "${target.provider}"` });
      }
    });
  }
  const host = environment.HOST || file.server.host;
  const port = readPort(environment.PORT, file.server.port, problems);
  if (file.auth?.mode === 'open' && !isLoopback(host)) {
    problems.push({
      path: 'auth.mode',
      message: `"open" is allowed on loopback only, and the host is ${host}`,
    });
  }
  const clientKeys = file.auth?.mode === 'keys' ? file.auth.keys : null;
  const config: Config = {
    appName: environment.APP_NAME || 'gatewayz',
    workers: readWorkers(environment.GATEWAYZ_WORKERS, problems),
    server: { ...file.server, host, port },
    auth: file.auth?.mode ?? 'keys',
    providers,
    models: Object.entries(file.models).map(([name, route]) => ({ name, ...route })),
    retries: file.retries,
    timeouts: { ...file.timeouts, answerMs: file.timeouts.answerMs ?? 4 * file.timeouts.firstTokenMs },
    modelLists: file.modelLists,
    limits: file.limits,
    routing: file.routing,
    breaker: file.breaker,
    health: file.health,
    streaming: file.streaming,
    healthService: file.healthService,
    ledger: file.ledger,
    rateLimits: file.rateLimits,
    responseCache: file.responseCache,
    prometheus: file.prometheus,
    logs: readLogs(file.logs, environment, problems),
    traces: file.traces,
    healthServiceUrl: readUrl('HEALTH_SERVICE_URL', environment.HEALTH_SERVICE_URL, problems),
    dataDir: environment.GATEWAYZ_DATA_DIR || './data',
  };
  const secrets = readSecrets({ clientKeys, providerKeys }, environment, problems);
  return { config: deepFreeze(config), secrets };
}

function readProviders(
  file: ConfigFile,
  environment: Environment,
  keys: Map<string, string>,
  problems: ConfigProblem[],
): ProviderConfig[] {
  const names = new Set(Object.keys(file.providers));
  for (const name of Object.keys(PRESETS)) if (environment[apiKeyVariable(name)]) names.add(name);

  return [...names].map((name) => {
    const entry = file.providers[name];
    const preset = PRESETS[name];
    const baseUrl = entry?.baseUrl ?? preset?.baseUrl;
    if (baseUrl === undefined) {
      problems.push({ path: `providers.${name}.baseUrl`, message: 'required: no preset has this name' });
    }
    const key = entry?.apiKey ?? environment[apiKeyVariable(name)];
    if (key && !HEADER_TEXT.test(key)) {
      problems.push({
        path: `providers.${name}.apiKey`,
        message: 'holds a character that no header can carry',
      });
    }
    if (key) keys.set(name, key);
    return {
      name,
      baseUrl: baseUrl ?? '',
      resells: preset?.resells ?? false,
      models: entry?.models ?? null,
      headers: entry?.headers ?? {},
      capabilities: entry?.capabilities ?? { assistantPrefill: false, streamUsage: true },
      prices: entry?.prices ?? {},
      // An address that the operator wrote may be anywhere; a preset's is public.
      allowPrivateAddresses: entry?.allowPrivateAddresses ?? entry?.baseUrl !== undefined,
      maxConnections: entry?.maxConnections ?? 1024,
    };
  });
}

function readPort(text: string | undefined, fallback: number, problems: ConfigProblem[]): number {
  if (!text) return fallback;
  const port = Number(text);
  if (DIGITS.test(text) && port <= 65_535) return port;
  problems.push({ path: 'PORT', message: `expected a port from 0 to 65535, received ${text.slice(0, 20)}` });
  return fallback;
}

function readWorkers(text: string | undefined, problems: ConfigProblem[]): number {
  if (!text) return 1;
  const workers = Number(text);
  if (DIGITS.test(text) && workers >= 1 && workers <= MAX_WORKERS) return workers;
  const message = `expected a whole number from 1 to ${MAX_WORKERS}, received ${text.slice(0, 20)}`;
  problems.push({ path: 'GATEWAYZ_WORKERS', message });
  return 1;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
