import { expect, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import { readConfig } from './read-config.ts';

/** What is wrong with an environment: place → message. */
function problems(environment: Record<string, string>): Record<string, string> {
  try {
    readConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const value of Object.values(environment)) expect(error.message).not.toContain(value);
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
  return {};
}

test('every secret that could not be used is told of at once, without its value', () => {
  const found = problems({
    GATEWAYZ_KEY: 'x'.repeat(511),
    GATEWAYZ_KEY_PEPPER: 'canary-pepper',
    ADMIN_TOKEN: 'x'.repeat(600),
    METRICS_TOKEN: 'canary metrics',
    DATABASE_URL: 'mysql://me:canary@db/x',
    REDIS_URL: 'http://:canary@cache',
    HEALTH_SERVICE_URL: 'canary, and no URL',
  });
  expect(found).toEqual({
    GATEWAYZ_KEY: 'expected at most 510 bytes',
    GATEWAYZ_KEY_PEPPER: 'expected at least 32 characters, received 13',
    ADMIN_TOKEN: 'expected at most 510 bytes',
    METRICS_TOKEN: 'expected ASCII characters without white space, also around them',
    DATABASE_URL: 'expected a URL that begins with postgres:// or postgresql://',
    REDIS_URL: 'expected a URL that begins with redis:// or rediss://',
    HEALTH_SERVICE_URL: 'expected an http:// or https:// URL',
  });
});

test.each([' token', 'token ', 'token\n', 'two words', 'tokén'])(
  'a token that no header brings as it is is refused: %j',
  (token) => {
    expect(Object.keys(problems({ ADMIN_TOKEN: token }))).toEqual(['ADMIN_TOKEN']);
  },
);

test.each(['redis://:canary%Pw@cache:6379', 'redis://:%e4@cache'])(
  'a password that was not encoded is told of: %s',
  (url) => {
    const message = 'holds a "%" that encodes nothing: write "%25" for it';
    expect(problems({ REDIS_URL: url })).toEqual({ REDIS_URL: message });
    const database = url.replace('redis', 'postgres');
    expect(problems({ DATABASE_URL: database })).toEqual({ DATABASE_URL: message });
  },
);

test.each([
  { REDIS_URL: 'redis://127.0.0.1:6379' },
  { REDIS_URL: 'rediss://me:p%25ss@cache/2' },
  { DATABASE_URL: 'postgres://me:pass@db:5432/x?sslmode=require' },
  { DATABASE_URL: 'postgresql:///x?host=/run/postgresql' },
  { ADMIN_TOKEN: 'x'.repeat(510) },
  { GATEWAYZ_KEY_PEPPER: 'x'.repeat(32) },
  { HEALTH_SERVICE_URL: 'https://health.internal' },
])('what can be used is taken: %j', (environment) => {
  expect(problems(environment)).toEqual({});
});
