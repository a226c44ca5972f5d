import { expect, test } from 'vitest';
import { readConfig } from './read-config.ts';
import { toLoggerSettings, toTracingSettings } from './telemetry-settings.ts';

const { config, secrets } = readConfig({
  APP_NAME: 'shop',
  APP_ENV: 'staging',
  LOG_LEVEL: 'warn',
  OPENROUTER_API_KEY: 'sk-of-the-provider',
  METRICS_TOKEN: 'token-of-metrics',
  ADMIN_TOKEN: 'token-of-admin',
  GATEWAYZ_CONFIG: '',
  DATABASE_URL: 'postgres://ann:of%2Fthe-database@127.0.0.1/health',
  REDIS_URL: 'redis://127.0.0.1',
  LOKI_URL: 'http://ann:of-loki@127.0.0.1:3100',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20of-tempo, x-broken=100%',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=mine',
});

test('a logger is told where lines go and what they are labelled with', () => {
  expect(toLoggerSettings(config, secrets, 'health-service')).toMatchObject({
    app: 'shop',
    env: 'staging',
    service: 'health-service',
    level: 'warn',
    format: 'json',
    bodies: 'never',
    loki: { url: 'http://ann:of-loki@127.0.0.1:3100', structuredMetadata: true },
  });
  const tenanted = { ...config, logs: { ...config.logs, bodies: true, lokiTenant: 'ours' } };
  expect(toLoggerSettings(tenanted, { ...secrets, lokiUrl: null }, 'gateway')).toMatchObject({
    bodies: 'debug-unsafe',
    loki: null,
  });
  expect(toLoggerSettings(tenanted, secrets, 'gateway').loki).toMatchObject({ tenant: 'ours' });
});

test('every secret is to be masked, as it stands and not as URLs and headers encode it', () => {
  const { redact } = toLoggerSettings(
    { ...config },
    { ...secrets, clientKeys: ['sk-of-a-client'] },
    'gateway',
  );
  expect(redact).toEqual(
    expect.arrayContaining([
      '100%',
      'Basic of-tempo',
      'of-tempo',
      'of-loki',
      'of/the-database',
      'sk-of-a-client',
      'sk-of-the-provider',
      'token-of-admin',
      'token-of-metrics',
    ]),
  );
});

test('tracing is told the environment, and what the operator says of it comes after what we say', () => {
  expect(toTracingSettings(config, secrets)).toMatchObject({
    environment: {
      OTEL_RESOURCE_ATTRIBUTES:
        'deployment.environment.name=staging,deployment.environment=staging,deployment.environment.name=mine',
    },
    slowMs: 30_000,
  });
  expect(toTracingSettings(config, { ...secrets, openTelemetry: {} }).environment).toEqual({
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging,deployment.environment=staging',
  });
});
