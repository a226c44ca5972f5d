import type { Secrets } from './config.ts';
import type { ConfigProblem } from './config-error.ts';
import type { Environment } from './environment.ts';
import { readOpenTelemetry, readUrl } from './read-telemetry.ts';

/** What the gateway compares tokens in has room for so much. */
const MAX_TOKEN_BYTES = 510;
const MIN_PEPPER_LENGTH = 32;
const POSTGRES = ['postgres', 'postgresql'];
const REDIS = ['redis', 'rediss'];
const BEARER_TOKEN = /^[\x21-\x7e]+$/;

/** What comes from a file as well. */
type SecretsOfFile = Pick<Secrets, 'providerKeys'> & { readonly clientKeys: readonly string[] | null };

/** The secrets of the environment; what is wrong with one goes to `problems`, without its value. */
export function readSecrets(
  { clientKeys, providerKeys }: SecretsOfFile,
  environment: Environment,
  problems: ConfigProblem[],
): Secrets {
  return {
    clientKeys: clientKeys ?? readClientKeys(environment, problems),
    providerKeys,
    metricsToken: readToken('METRICS_TOKEN', environment.METRICS_TOKEN, problems),
    adminToken: readToken('ADMIN_TOKEN', environment.ADMIN_TOKEN, problems),
    keyPepper: readPepper(environment.GATEWAYZ_KEY_PEPPER, problems),
    databaseUrl: readStoreUrl('DATABASE_URL', environment.DATABASE_URL, POSTGRES, problems),
    redisUrl: readStoreUrl('REDIS_URL', environment.REDIS_URL, REDIS, problems),
    prometheusUrl: readUrl('PROMETHEUS_URL', environment.PROMETHEUS_URL, problems),
    lokiUrl: readUrl('LOKI_URL', environment.LOKI_URL, problems),
    openTelemetry: readOpenTelemetry(environment),
  };
}

function readClientKeys(environment: Environment, problems: ConfigProblem[]): readonly string[] {
  const key = environment.GATEWAYZ_KEY;
  if (!key) return [];
  if (Buffer.byteLength(key) > MAX_TOKEN_BYTES) problems.push(tooLong('GATEWAYZ_KEY'));
  return [key];
}

/** What is to come behind `Authorization: Bearer`. */
function readToken(path: string, text: string | undefined, problems: ConfigProblem[]): string | null {
  if (!text) return null;
  if (!BEARER_TOKEN.test(text)) {
    problems.push({ path, message: 'expected ASCII characters without white space, also around them' });
  } else if (text.length > MAX_TOKEN_BYTES) {
    problems.push(tooLong(path));
  }
  return text;
}

function tooLong(path: string): ConfigProblem {
  return { path, message: `expected at most ${MAX_TOKEN_BYTES} bytes` };
}

function readPepper(text: string | undefined, problems: ConfigProblem[]): string | null {
  if (!text) return null;
  if (text.length < MIN_PEPPER_LENGTH) {
    const message = `expected at least ${MIN_PEPPER_LENGTH} characters, received ${text.length}`;
    problems.push({ path: 'GATEWAYZ_KEY_PEPPER', message });
  }
  return text;
}

/** Where a database is; it holds a password, and so is never shown. */
function readStoreUrl(
  path: string,
  text: string | undefined,
  schemes: readonly string[],
  problems: ConfigProblem[],
): string | null {
  if (!text) return null;
  if (!schemes.some((scheme) => text.startsWith(`${scheme}://`)) || !URL.canParse(text)) {
    const expected = schemes.map((scheme) => `${scheme}://`).join(' or ');
    problems.push({ path, message: `expected a URL that begins with ${expected}` });
  } else if (!isDecodable(text)) {
    problems.push({ path, message: 'holds a "%" that encodes nothing: write "%25" for it' });
  }
  return text;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
