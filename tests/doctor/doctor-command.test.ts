import { expect, test } from 'vitest';
import { runDoctor } from './doctor-stage.ts';
import { startServer } from './old-exporter.ts';

test('a wrong configuration is told, all of it, and nothing is asked', async () => {
  const wrong = { PORT: 'many', OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://user:password-of-mine@host' };
  const text = await runDoctor(wrong);
  expect([text.code, text.stdout]).toEqual([1, '']);
  expect(text.stderr).toContain('PORT: expected a port');
  const json = await runDoctor({ OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://user:password-of-mine@host' }, [
    '--json',
  ]);
  expect([json.code, json.stderr]).toEqual([1, '']);
  expect(JSON.parse(json.stdout)).toEqual({
    ok: false,
    problems: [{ path: 'OTEL_EXPORTER_OTLP_ENDPOINT', message: expect.any(String) }],
    checks: [],
  });
});

test('no secret is printed, not even by who repeats what it was sent', async () => {
  await using parrot = await startServer((request, response) => {
    const heard = JSON.stringify([request.url, request.headers]);
    const { authorization = '' } = request.headers;
    const providers = [{ name: `${heard} ${Buffer.from(authorization.slice(6), 'base64')}`, status: 'down' }];
    response.end(JSON.stringify({ status: heard, version: heard, providers }));
  });
  const withPassword = parrot.url.replace('//', '//me:canary-one@');
  const env = {
    METRICS_TOKEN: 'canary-two',
    HEALTH_SERVICE_URL: `${withPassword}/?key=canary-three`,
    PROMETHEUS_URL: withPassword,
    LOKI_URL: withPassword,
    OTEL_EXPORTER_OTLP_ENDPOINT: withPassword,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=canary-four',
  };
  for (const args of [[], ['--json']]) {
    const { stdout, stderr } = await runDoctor(env, ['--url', withPassword, ...args]);
    expect(stdout).toContain('(hidden)');
    expect(stdout + stderr).not.toMatch(/canary|Y2FuYXJ5|me:/);
  }
});

test('a command line that it does not know gets the one that it does', async () => {
  const { code, stderr } = await runDoctor({}, ['--what']);
  expect([code, stderr.split('\n')[0]]).toEqual([
    1,
    'npm run doctor -- [--url <base URL of the gateway>] [--json]',
  ]);
  expect((await runDoctor({}, ['--help'])).code).toBe(0);
});
