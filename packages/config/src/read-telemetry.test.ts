import { expect, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { readConfig } from './read-config.ts';

const KEY = { GATEWAYZ_KEY: 'k' };

function problemsOf(environment: Environment): readonly string[] {
  try {
    readConfig({ ...KEY, ...environment });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

test('without a word about telemetry there are JSON lines from info on, and no sink', () => {
  const { config, secrets } = readConfig(KEY);
  expect(config.logs).toEqual({
    level: 'info',
    format: 'json',
    environment: 'development',
    bodies: false,
    lokiStructuredMetadata: true,
  });
  expect(config.traces).toEqual({ toProviders: false, slowMs: 30_000 });
  expect(secrets).toMatchObject({ prometheusUrl: null, lokiUrl: null, openTelemetry: {} });
});

test('the environment names level, format, surroundings and sinks', () => {
  const { config, secrets } = readConfig({
    ...KEY,
    LOG_LEVEL: 'WARN',
    LOG_FORMAT: 'logfmt',
    APP_ENV: 'staging',
    LOKI_URL: 'http://user:secret@loki:3100',
    PROMETHEUS_URL: 'https://prometheus',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://tempo:4318',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
    OTEL_SERVICE_NAME: '',
  });
  expect(config.logs).toMatchObject({ level: 'warn', format: 'logfmt', environment: 'staging' });
  expect(JSON.stringify(config)).not.toContain('secret');
  expect(secrets).toMatchObject({
    lokiUrl: 'http://user:secret@loki:3100',
    prometheusUrl: 'https://prometheus',
    openTelemetry: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://tempo:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
    },
  });
});

test('what cannot be is told, all of it, and no URL is shown', () => {
  const problems = problemsOf({
    LOG_LEVEL: 'loud',
    LOG_FORMAT: 'xml',
    APP_ENV: 'a b',
    LOKI_URL: 'loki:secret',
    PROMETHEUS_URL: 'ftp://secret',
  });
  expect(problems).toEqual([
    'APP_ENV: expected letters, digits, ".", "_" or "-", up to 64',
    'LOG_LEVEL: expected debug, info, warn, error, received loud',
    'LOG_FORMAT: expected json, logfmt, received xml',
    'PROMETHEUS_URL: expected an http:// or https:// URL',
    'LOKI_URL: expected an http:// or https:// URL',
  ]);
});
