import type { ProviderConfig, Secrets } from '@gatewayz/config';
import { createMask } from '@gatewayz/telemetry';
import { expect, test } from 'vitest';
import { createTestProvider } from '../providers/provider-fixture.ts';
import { listSecrets } from './list-secrets.ts';

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
  return { providers: [{ ...createTestProvider('primary').config, headers }] };
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
  const listed = listSecrets({ providers: [] }, secrets);
  expect(listed).toContain('50%off');
  expect(createMask(listed)('the key 50%off was refused')).toBe('the key [redacted] was refused');
});

test('where nothing is configured there is nothing to hide', () => {
  expect(listSecrets({ providers: [] }, NONE)).toEqual([]);
});
