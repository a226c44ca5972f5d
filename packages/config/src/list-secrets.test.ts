import { expect, test } from 'vitest';
import type { ProviderConfig, Secrets } from './config.ts';
import { listSecrets } from './list-secrets.ts';
import { readConfig } from './read-config.ts';

const NONE: Secrets = {
  clientKeys: [],
  providerKeys: new Map(),
  metricsToken: null,
  adminToken: null,
  keyPepper: null,
  databaseUrl: null,
  redisUrl: null,
  lokiUrl: null,
  prometheusUrl: null,
  openTelemetry: {},
};

function withHeaders(headers: ProviderConfig['headers']): { readonly providers: readonly ProviderConfig[] } {
  const { config } = readConfig({ GROQ_API_KEY: 'provider-key' });
  return { providers: config.providers.map((provider) => ({ ...provider, headers })) };
}

test('everything that is a secret is listed, and nothing twice', () => {
  const secrets: Secrets = {
    ...NONE,
    clientKeys: ['client-key', 'client-key'],
    providerKeys: new Map([['primary', 'provider-key']]),
    metricsToken: 'metrics-token',
    adminToken: 'admin-token',
    keyPepper: 'key-pepper',
    databaseUrl: 'postgres://me:pass%2Fword@db/x',
    redisUrl: 'redis://:redis-pass@cache',
    lokiUrl: 'http://me:loki-pass@loki:3100',
    prometheusUrl: 'http://prometheus:9090',
    openTelemetry: {
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20otlp-token,x-tenant=team',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-key=traces-key',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:otlp-pass@tempo:4318',
    },
  };
  const config = withHeaders({ authorization: 'Bearer header-token', 'http-referer': 'https://app' });
  expect(listSecrets(config, secrets)).toEqual([
    'client-key',
    'provider-key',
    'Bearer header-token',
    'header-token',
    'metrics-token',
    'admin-token',
    'key-pepper',
    'pass%2Fword',
    'pass/word',
    'redis-pass',
    'loki-pass',
    'otlp-pass',
    'Bearer%20otlp-token',
    'Bearer otlp-token',
    'otlp-token',
    'team',
    'traces-key',
  ]);
});

test('what cannot be decoded does not keep the process from starting', () => {
  const secrets: Secrets = {
    ...NONE,
    lokiUrl: 'http://me:100%25%zz@loki:3100',
    openTelemetry: { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=50%off' },
  };
  expect(listSecrets({ providers: [] }, secrets)).toEqual(['100%25%zz', '50%off']);
});

test('where nothing is configured there is nothing to hide', () => {
  expect(listSecrets({ providers: [] }, NONE)).toEqual([]);
});
