import type { Config, Secrets } from './config.ts';

/** Names of headers whose values are credentials. */
const SECRET_HEADER = /auth|key|token|secret|cookie|password|credential/i;

/** Everything that must never be in a line, wherever it comes from. */
export function listSecrets(config: Pick<Config, 'providers'>, secrets: Secrets): readonly string[] {
  const { clientKeys, providerKeys, metricsToken, adminToken, keyPepper, ...more } = secrets;
  const { databaseUrl, redisUrl, lokiUrl, prometheusUrl, openTelemetry, ...forgotten } = more;
  forgotten satisfies Record<string, never>;
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = openTelemetry;
  const urls = [databaseUrl, redisUrl, lokiUrl, prometheusUrl];
  const all = [
    ...clientKeys,
    ...providerKeys.values(),
    ...config.providers.flatMap(({ headers }) => listHeaderSecrets(headers)),
    metricsToken ?? '',
    adminToken ?? '',
    keyPepper ?? '',
    ...[...urls, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].flatMap(listUrlSecrets),
    ...listExporterSecrets(openTelemetry.OTEL_EXPORTER_OTLP_HEADERS),
    ...listExporterSecrets(openTelemetry.OTEL_EXPORTER_OTLP_TRACES_HEADERS),
  ];
  return [...new Set(all.filter((secret) => secret !== ''))];
}

/** What a header says after its scheme is the secret too: it turns up without it. */
function listHeaderSecrets(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers)
    .filter(([name]) => SECRET_HEADER.test(name))
    .flatMap(([, value]) => withoutScheme(value));
}

function withoutScheme(value: string): readonly string[] {
  return [value, value.replace(/^(?:bearer|basic)\s+/i, '')];
}

/** A password as it is written and as it is meant. */
function listUrlSecrets(text: string | null | undefined): readonly string[] {
  const password = URL.parse(text ?? '')?.password ?? '';
  return [password, decode(password)];
}

/** All of them: which of an exporter's headers are credentials nobody can tell. */
function listExporterSecrets(headers = ''): readonly string[] {
  return headers.split(',').flatMap((header) => {
    const written = header.slice(header.indexOf('=') + 1).trim();
    return [written, ...withoutScheme(decode(written))];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
