import { expect, it } from 'vitest';
import { readLoggerOptions } from './read-logger-options.ts';

it('reads everything that the environment says', () => {
  expect(
    readLoggerOptions({
      APP_NAME: 'gatewayz',
      APP_ENV: 'production',
      OTEL_SERVICE_NAME: 'gateway',
      LOG_LEVEL: 'WARNING',
      LOG_FORMAT: 'logfmt',
      LOG_BODIES: 'debug-unsafe',
      LOKI_URL: 'http://loki:3100',
      LOKI_TENANT: 't',
      LOKI_USERNAME: 'u',
      LOKI_PASSWORD: 'p',
      LOKI_STRUCTURED_METADATA: 'false',
    }),
  ).toEqual({
    problems: [],
    options: {
      app: 'gatewayz',
      env: 'production',
      service: 'gateway',
      level: 'warn',
      format: 'logfmt',
      bodies: 'debug-unsafe',
      loki: { url: 'http://loki:3100', tenant: 't', username: 'u', password: 'p', structuredMetadata: false },
    },
  });
});

it('needs nothing', () => {
  expect(readLoggerOptions({ LOKI_URL: ' ' })).toEqual({ problems: [], options: { app: 'app', loki: null } });
});

it('takes the default for what it cannot read, and says so without the value', () => {
  const { options, problems } = readLoggerOptions({
    LOG_LEVEL: 'constructor',
    LOG_FORMAT: 'xml',
    LOG_BODIES: 'true',
    LOKI_URL: 'http://me:s3cret@[bad',
  });
  expect(options).toEqual({ app: 'app', loki: null });
  expect(problems).toHaveLength(4);
  expect(problems.join()).not.toContain('s3cret');
});
