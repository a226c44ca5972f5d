import {
  type Config,
  ConfigError,
  type ConfigProblem,
  type Environment,
  readConfig,
  type Secrets,
} from '@gatewayz/config';
import type { HealthServiceSettings, Settings } from './deployment.ts';
import { below, type Place, readPlace } from './place.ts';

/**
 * Reads what the gateway itself reads; `url` goes before the configured address of the gateway. Throws a {@link ConfigError} that lists every problem.
 */
export function readSettings(environment: Environment, url: string | null): Settings {
  const { config, secrets } = readConfig(environment);
  const problems: ConfigProblem[] = [];
  const read: ReadPlace = (path, text) => {
    if (!text) return null;
    const place = readPlace(text);
    if (place === null) problems.push({ path, message: 'expected an http:// or https:// URL' });
    return place;
  };
  const gateway = url === null ? readOwnAddress(config, problems) : read('--url', url || 'nothing');
  const prometheus = read('PROMETHEUS_URL', secrets.prometheusUrl);
  const loki = read('LOKI_URL', secrets.lokiUrl);
  const otlpTraces = readOtlp(secrets.openTelemetry, read);
  const healthServicePlace = read('HEALTH_SERVICE_URL', config.healthServiceUrl);
  if (gateway === null || problems.length > 0) throw new ConfigError('environment', problems);
  const { metricsToken } = secrets;
  const metrics = below(gateway, '/metrics');
  return {
    gateway,
    metrics:
      metricsToken === null
        ? metrics
        : { ...metrics, headers: { ...metrics.headers, authorization: `Bearer ${metricsToken}` } },
    healthService: toHealthService(config, healthServicePlace),
    pollIntervalMs: config.health.pollIntervalMs,
    prometheus,
    prometheusSelector: config.prometheus.selector ?? null,
    loki: loki === null ? null : toLokiBase(loki, config.logs.lokiTenant),
    otlpTraces,
    secrets: listSecrets(secrets, [gateway, healthServicePlace, prometheus, loki, otlpTraces]),
  };
}

/** Where this machine finds a gateway that may listen on all addresses. */
function readOwnAddress({ server }: Config, problems: ConfigProblem[]): Place | null {
  const { host, port } = server;
  if (port === 0) {
    problems.push({ path: 'server.port', message: '0 takes a free port: say which with --url' });
    return null;
  }
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const place = readPlace(`http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`);
  if (place === null) problems.push({ path: 'server.host', message: 'is no host: say where with --url' });
  return place;
}

/** The place that a text names; null where there is no text, or where it is noted as a problem of `path`. */
type ReadPlace = (path: string, text: string | undefined | null) => Place | null;

function readOtlp(variables: Environment, read: ReadPlace): Place | null {
  const own = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  const base = read('OTEL_EXPORTER_OTLP_ENDPOINT', variables.OTEL_EXPORTER_OTLP_ENDPOINT);
  const place = own ?? (base === null ? null : below(base, '/v1/traces'));
  if (place === null) return null;
  const headers = variables.OTEL_EXPORTER_OTLP_TRACES_HEADERS || variables.OTEL_EXPORTER_OTLP_HEADERS || '';
  return { ...place, headers: { ...place.headers, ...readHeaders(headers) } };
}

/** `name=value,name=value`, values percent-encoded, as the OTLP exporter specification has it. */
function readHeaders(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => pair.split('=') as [string, ...string[]]);
  return Object.fromEntries(
    pairs
      .filter(([name, ...value]) => name.trim() !== '' && value.length > 0)
      .map(([name, ...value]) => [name.trim().toLowerCase(), decodeValue(value.join('=').trim())]),
  );
}

function decodeValue(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function toHealthService(config: Config, place: Place | null): HealthServiceSettings {
  if (place !== null) return { kind: 'elsewhere', place };
  return { kind: config.healthService.embedded ? 'embedded' : 'none' };
}

function toLokiBase({ url, headers }: Place, tenant: string | undefined): Place {
  const base = new URL(url);
  base.pathname = base.pathname.replace(/\/loki\/api\/v1\/push\/?$/, '') || '/';
  return {
    url: base.href,
    headers: tenant === undefined ? headers : { ...headers, 'x-scope-orgid': tenant },
  };
}

/** Everything that must not be shown, the parts of headers and queries that somebody may send back included. */
function listSecrets(secrets: Secrets, places: readonly (Place | null)[]): readonly string[] {
  const { metricsToken, adminToken, clientKeys, providerKeys, databaseUrl, redisUrl } = secrets;
  const known = [metricsToken, adminToken, databaseUrl, redisUrl, ...clientKeys, ...providerKeys.values()];
  const ofPlaces = places
    .filter((place) => place !== null)
    .flatMap(({ url, headers }) => [
      ...new URL(url).searchParams.values(),
      ...Object.values(headers).flatMap((value) => [value, ...readCredentials(value)]),
    ]);
  return [...known.filter((secret) => secret !== null), ...ofPlaces];
}

function readCredentials(header: string): readonly string[] {
  const [scheme = '', value = ''] = header.split(' ', 2);
  if (scheme.toLowerCase() !== 'basic') return [value];
  const pair = Buffer.from(value, 'base64').toString();
  const password = pair.slice(pair.indexOf(':') + 1);
  return [value, pair, password, encodeURIComponent(password)];
}
