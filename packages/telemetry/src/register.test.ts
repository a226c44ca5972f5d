import { fileURLToPath } from 'node:url';
import {
  type FakeLoki,
  type RunningProcess,
  startFakeLoki,
  startFakeOtlp,
  startProcess,
} from '@gatewayz/testkit';
import { expect, it } from 'vitest';

const REGISTER = fileURLToPath(new URL('./register.ts', import.meta.url));
const INDEX = JSON.stringify(fileURLToPath(new URL('./index.ts', import.meta.url)));
const LOG_MANY = `
  const { getLogger } = await import(${INDEX});
  for (let n = 0; n < 500; n += 1) getLogger().info('line', { n });
`;

function run(
  script: string,
  env: Readonly<Record<string, string>>,
  readyWhen?: RegExp,
): Promise<RunningProcess> {
  return startProcess({
    command: process.execPath,
    args: ['--import', REGISTER, '--input-type=module', '--eval', script],
    env: { APP_NAME: 'gatewayz-host', APP_ENV: 'test', ...env },
    ...(readyWhen === undefined ? {} : { readyWhen }),
  });
}

function messagesOf(loki: FakeLoki): readonly string[] {
  return loki.streams.flatMap(({ entries }) =>
    entries.map(({ line }) => (JSON.parse(line) as { message: string }).message),
  );
}

it('makes lines of what a host writes to console, and ships them as it ends', async () => {
  await using loki = await startFakeLoki();
  await using host = await run(
    `console.log('hello %s', 'world', { token: 'abcdefgh' }); console.warn('careful');
     console.error('bad:', new TypeError('broken'));`,
    { LOKI_URL: loki.url, OTEL_SERVICE_NAME: 'worker' },
  );
  expect(await host.exit).toEqual({ code: 0, signal: null });
  const lines = host
    .stdout()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, string>);
  expect(lines).toMatchObject([
    {
      level: 'INFO',
      app: 'gatewayz-host',
      env: 'test',
      service: 'worker',
      message: "hello world { token: '[redacted]' }",
    },
    { level: 'WARNING', message: 'careful' },
    { level: 'ERROR', message: 'bad:', error_type: 'TypeError', error_message: 'broken' },
  ]);
  expect(messagesOf(loki).toSorted()).toEqual(lines.map(({ message }) => message).toSorted());
});

it.each([
  ['comes to its end', ''],
  ['calls process.exit', 'process.exit(0);'],
])('loses no line of a host that %s', async (_how, end) => {
  await using loki = await startFakeLoki();
  await using host = await run(`${LOG_MANY} ${end}`, { LOKI_URL: loki.url });
  expect(await host.exit).toEqual({ code: 0, signal: null });
  expect(loki.stats().accepted).toBe(500);
  expect(host.stdout().split('\n')).toHaveLength(501);
});

it.each([
  ['comes to its end', ''],
  ['calls process.exit', 'process.exit();'],
  ['ends by an error that nobody catches', `throw new Error('broken');`],
])('loses no span of a host that %s, be they more than one batch', async (_how, end) => {
  await using otlp = await startFakeOtlp();
  const script = `
    import { trace } from ${JSON.stringify(import.meta.resolve('@opentelemetry/api'))};
    const tracer = trace.getTracer('host');
    for (let n = 0; n < 3_000; n += 1) tracer.startSpan('work').end();
    ${end}`;
  await using host = await run(script, { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });
  await host.exit;
  expect(otlp.spans).toHaveLength(3_000);
});

it.each([
  ['is not there', 'stop'],
  ['never answers', 'hang'],
] as const)('a collector that %s keeps no host from calling process.exit', async (_what, how) => {
  await using otlp = await startFakeOtlp({ script: { kind: 'hang' } });
  if (how === 'stop') await otlp.stop();
  const script = `
    import { trace } from ${JSON.stringify(import.meta.resolve('@opentelemetry/api'))};
    trace.getTracer('host').startSpan('work').end();
    process.exit(4);`;
  await using host = await run(script, { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });
  expect(await host.exit).toEqual({ code: 4, signal: null });
});

it.each([
  ['an error', `throw new TypeError('broken');`],
  ['a rejection', `Promise.reject(new TypeError('broken')); setInterval(() => {}, 1000);`],
])('makes a line of %s that nobody catches, and leaves the end to Node', async (_what, end) => {
  await using loki = await startFakeLoki();
  await using host = await run(`${LOG_MANY} ${end}`, { LOKI_URL: loki.url });
  expect(await host.exit).toEqual({ code: 1, signal: null });
  expect(host.stderr()).toContain('TypeError: broken');
  expect(loki.stats().accepted).toBe(501);
  const lines = loki.streams.flatMap(({ labels, entries }) => (labels.level === 'CRITICAL' ? entries : []));
  expect(lines.map(({ line }) => JSON.parse(line))).toMatchObject([
    { level: 'CRITICAL', message: 'uncaught exception', error_type: 'TypeError', error_message: 'broken' },
  ]);
});

it('flushes on SIGTERM, which still ends a host that does not handle it', async () => {
  await using loki = await startFakeLoki();
  await using host = await run(`${LOG_MANY} setInterval(() => {}, 1000);`, { LOKI_URL: loki.url }, /"n":499/);
  host.kill('SIGTERM');
  expect(await host.exit).toEqual({ code: null, signal: 'SIGTERM' });
  expect(loki.stats().accepted).toBe(500);
});

it('leaves SIGTERM to a host that handles it', async () => {
  await using loki = await startFakeLoki();
  const script = `
    process.once('SIGTERM', () => setTimeout(() => { console.log('draining'); process.exit(3); }, 300));
    setInterval(() => {}, 1000);
    ${LOG_MANY}`;
  await using host = await run(script, { LOKI_URL: loki.url }, /"n":499/);
  host.kill('SIGTERM');
  expect(await host.exit).toEqual({ code: 3, signal: null });
  expect(messagesOf(loki)).toContain('draining');
  expect(loki.stats().accepted).toBe(501);
});

it('says what is wrong with the environment, without a secret, and goes on', async () => {
  await using host = await run(`console.log('up');`, {
    LOKI_URL: 'ftp://u:s3cretvalue@loki',
    LOG_LEVEL: 'loud',
    LOG_FORMAT: 'xml',
  });
  await host.exit;
  expect(host.stdout()).toMatch(/LOKI_URL.*http/);
  expect(host.stdout()).toMatch(/LOG_LEVEL.*expected/);
  expect(host.stdout()).toMatch(/LOG_FORMAT.*expected/);
  expect(host.stdout()).toContain('"message":"up"');
  expect(host.stdout()).not.toContain('s3cretvalue');
});
