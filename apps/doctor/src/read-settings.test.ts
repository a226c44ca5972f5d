import { ConfigError, type Environment } from '@gatewayz/config';
import { describe, expect, test } from 'vitest';
import type { Settings } from './deployment.ts';
import { readSettings } from './read-settings.ts';

function read(environment: Environment, url: string | null = null): Settings {
  return readSettings(environment, url);
}

function problemsOf(environment: Environment, url: string | null = null): ConfigError {
  try {
    read(environment, url);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('there was no problem');
}

describe('the settings of the doctor', () => {
  test('are those of a gateway on its own, where nothing is set', () => {
    expect(read({})).toEqual({
      gateway: { url: 'http://127.0.0.1:8000/', headers: {} },
      metrics: { url: 'http://127.0.0.1:8000/metrics', headers: {} },
      healthService: { kind: 'embedded' },
      pollIntervalMs: 30_000,
      prometheus: null,
      prometheusSelector: null,
      loki: null,
      otlpTraces: null,
      secrets: [],
    });
  });

  test.each([
    ['0.0.0.0', 'http://127.0.0.1:81/'],
    ['::', 'http://[::1]:81/'],
    ['10.0.0.7', 'http://10.0.0.7:81/'],
  ])('look for a gateway that listens on %s at %s', (HOST, url) => {
    expect(read({ HOST, PORT: '81' }).gateway.url).toBe(url);
  });

  test('take the address of the command line before that of the configuration', () => {
    const { gateway, metrics } = read({ PORT: '81', METRICS_TOKEN: 'token' }, 'http://u:p@there/base');
    expect(gateway.url).toBe('http://there/base');
    expect(metrics).toEqual({ url: 'http://there/base/metrics', headers: { authorization: 'Bearer token' } });
  });

  test.each([
    ['http://loki:3100', 'http://loki:3100/'],
    ['http://loki:3100/loki/api/v1/push', 'http://loki:3100/'],
    ['http://loki:3100/tenant/loki/api/v1/push/', 'http://loki:3100/tenant'],
  ])('find the base of Loki in %s', (LOKI_URL, url) => {
    expect(read({ LOKI_URL }).loki?.url).toBe(url);
  });

  test('send traces below the OTLP endpoint, or to the one for traces as it is, with its headers', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://tempo:4318/';
    const OTEL_EXPORTER_OTLP_HEADERS = 'X-Scope-OrgID=a%20b, authorization=Bearer x=y,,broken';
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS }).otlpTraces).toEqual({
      url: 'http://tempo:4318/v1/traces',
      headers: { 'x-scope-orgid': 'a b', authorization: 'Bearer x=y' },
    });
    const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = 'http://other/t';
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT }).otlpTraces?.url).toBe(
      'http://other/t',
    );
  });

  test('know every secret that an answer could repeat', () => {
    const { secrets } = read({
      METRICS_TOKEN: 'metrics-token',
      GROQ_API_KEY: 'groq-key',
      PROMETHEUS_URL: 'http://me:pass%3Aword@prometheus?key=query-key',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://tempo',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=otlp-key',
    });
    const expected = ['metrics-token', 'groq-key', 'pass:word', 'pass%3Aword', 'query-key', 'otlp-key'];
    expect(secrets).toEqual(expect.arrayContaining(expected));
  });

  test('are problems where the configuration has some, all of them', () => {
    const wrong = 'htp://user:password@host';
    const error = problemsOf({ PROMETHEUS_URL: wrong, HEALTH_SERVICE_URL: wrong, PORT: 'x' });
    const paths = error.problems.map(({ path }) => path);
    expect(paths.sort()).toEqual(['HEALTH_SERVICE_URL', 'PORT', 'PROMETHEUS_URL']);
    expect(error.message).not.toContain('password');
  });

  test('are problems where an address is none, without what may be secret', () => {
    const wrong = 'htp://user:password@host';
    const error = problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: wrong }, wrong);
    expect(error.problems.map(({ path }) => path)).toEqual(['--url', 'OTEL_EXPORTER_OTLP_ENDPOINT']);
    expect(error.message).not.toContain('password');
  });

  test('are a problem where the gateway may be at any port, unless its address is given', () => {
    expect(problemsOf({ PORT: '0' }).problems).toMatchObject([{ path: 'server.port' }]);
    expect(problemsOf({}, '').problems).toMatchObject([{ path: '--url' }]);
    expect(read({ PORT: '0' }, 'http://there').gateway.url).toBe('http://there/');
  });
});
