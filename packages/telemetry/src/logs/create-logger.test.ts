import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createManualClock, temporaryFolder } from '@gatewayz/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger } from './create-logger.ts';
import type { LogFields } from './log-fields.ts';
import type { Logger } from './logger.ts';
import type { LoggerOptions } from './logger-options.ts';

type Line = Readonly<Record<string, unknown>>;

/** What a logger wrote to its descriptor while `run` used it. */
async function textOf(options: Partial<LoggerOptions>, run: (logger: Logger) => void): Promise<string> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'out');
  const fd = openSync(path, 'a');
  const logger = createLogger({
    app: 'gatewayz',
    env: 'test',
    service: 'gateway',
    level: 'debug',
    fd,
    ...options,
  });
  run(logger);
  await logger.close(5_000);
  closeSync(fd);
  return readFileSync(path, 'utf8');
}

async function linesOf(
  options: Partial<LoggerOptions>,
  run: (logger: Logger) => void,
): Promise<readonly Line[]> {
  const text = await textOf(options, run);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** Fields that the compiler would not let through. */
function hostile(fields: unknown): LogFields {
  return fields as LogFields;
}

describe('a line', () => {
  it('has level, time, base fields, its own fields and the message', async () => {
    const [line] = await linesOf({}, (logger) =>
      logger.info('Request processed', { provider: 'groq', tokens: 12, ok: true, cost_usd: 0.5, none: null }),
    );
    expect(line).toEqual({
      level: 'INFO',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      app: 'gatewayz',
      env: 'test',
      service: 'gateway',
      provider: 'groq',
      tokens: 12,
      ok: true,
      cost_usd: 0.5,
      none: null,
      message: 'Request processed',
    });
  });

  it('bears the level names that dashboards select by', async () => {
    const lines = await linesOf({}, (logger) => {
      for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level](level);
    });
    expect(lines.map(({ level }) => level)).toEqual(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']);
  });

  it('is made only at or above the level', async () => {
    const lines = await linesOf({ level: 'warn' }, (logger) => {
      logger.info('no');
      logger.error('yes');
      expect([logger.isEnabled('info'), logger.isEnabled('warn')]).toEqual([false, true]);
    });
    expect(lines.map(({ message }) => message)).toEqual(['yes']);
  });

  it('carries what its child logger and the context say, its own fields first', async () => {
    const context = () => ({ trace_id: 't1', who: 'context' });
    const [line] = await linesOf({ context }, (logger) =>
      logger
        .child({ request_id: 'r1', who: 'child', model: 'a' })
        .child({ model: 'b' })
        .info('x', { who: 'line' }),
    );
    expect(line).toMatchObject({ request_id: 'r1', model: 'b', trace_id: 't1', who: 'line' });
  });

  it('tells an error by type, message, code and stack, with its causes', async () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'ECONNRESET' });
    const [line] = await linesOf({}, (logger) =>
      logger.error('failed', { error: new Error('outer', { cause }) }),
    );
    expect(line).toMatchObject({ error_type: 'Error', error_message: 'outer' });
    expect(line?.error_stack).toMatch(/^Error: outer\n[\s\S]*\ncaused by: TypeError: inner\n/);
  });

  it('parses as logfmt where that is asked for', async () => {
    const text = await textOf({ format: 'logfmt' }, (logger) =>
      logger.warn('it is "slow"', { provider: 'groq', empty: '', path: 'a=b', lines: 'x\ny', n: 1 }),
    );
    expect(text).toMatch(/^level=WARNING time=\S+Z app=gatewayz env=test service=gateway /);
    expect(text.slice(text.indexOf('provider'))).toBe(
      'provider=groq empty="" path="a=b" lines="x\\ny" n=1 message="it is \\"slow\\""\n',
    );
  });
});

describe('what must not be seen', () => {
  const CANARY = 'c4n4ryS3cr3tV4lu3';

  it('is in no line, wherever it was put, at any level and in either format', async () => {
    const error = new Error(`401 from https://u:${CANARY}@host/?key=${CANARY}`, {
      cause: new Error(`Authorization: Bearer ${CANARY}`, { cause: `sk-${CANARY}` }),
    });
    const fields = hostile({
      authorization: CANARY,
      'x-api-key': CANARY,
      apiKey: CANARY,
      password: 1234567890,
      prompt: CANARY,
      messages: [{ role: 'user', content: CANARY }],
      completion: CANARY,
      body: CANARY,
      [`sk-${CANARY}`]: 'name',
      nested: { headers: { cookie: CANARY, deep: { token: CANARY } }, input: CANARY },
      url: `https://host/?access_token=${CANARY}`,
      text: `it said "api_key": "${CANARY}"`,
      configured: 'my-own-secret',
      error,
    });
    for (const format of ['json', 'logfmt'] as const) {
      const text = await textOf({ format, redact: ['my-own-secret'] }, (logger) => {
        for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const) {
          logger[level](`with sk-${CANARY} and my-own-secret`, fields);
          logger.child(fields)[level]('child');
        }
        logger.logBody('a body', CANARY);
      });
      expect(text.split('\n')).toHaveLength(11);
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain('my-own-secret');
      expect(text).not.toContain('1234567890');
    }
  });

  it('does not take counts for secrets', async () => {
    const [line] = await linesOf({}, (logger) =>
      logger.info(
        'x',
        hostile({ prompt_tokens: 5, completion_tokens: 7n, body_bytes: 9, prompt_tokens_text: 'a' }),
      ),
    );
    expect(line).toMatchObject({
      prompt_tokens: 5,
      completion_tokens: '7',
      body_bytes: 9,
      prompt_tokens_text: '[redacted]',
    });
  });

  it('is shown under debug-unsafe where it is a body, after a warning, but never where it is a key', async () => {
    const lines = await linesOf({ bodies: 'debug-unsafe' }, (logger) =>
      logger.logBody(
        'request body',
        `{"api_key":"${CANARY}","messages":"hello"}`,
        hostile({ token: CANARY }),
      ),
    );
    expect(lines[0]).toMatchObject({
      level: 'WARNING',
      message: expect.stringContaining('BODIES ARE BEING LOGGED'),
    });
    expect(lines[1]).toMatchObject({
      token: '[redacted]',
      body: '{"api_key":"[redacted]","messages":"hello"}',
    });
  });

  it('is masked also where a cut goes through it', async () => {
    const configured = CANARY.repeat(10);
    const lines = await linesOf({ redact: [configured] }, (logger) => {
      for (let at = 8_000; at < 8_200; at += 7) {
        logger.info('x', { text: `${'-'.repeat(at)}${configured}${'z'.repeat(1_000)}` });
      }
      for (let at = 8_100; at < 8_200; at += 7) {
        logger.info('x', { text: `${'-'.repeat(at)} sk-${CANARY.repeat(40)}${'z'.repeat(1_000)}` });
      }
    });
    for (const { text } of lines) expect(text).not.toMatch(/c4n4/);
  });
});

describe('repeated warnings', () => {
  it('are told by number, so that none is lost without a count', async () => {
    const clock = createManualClock();
    const lines = await linesOf({ clock, repeats: { limit: 2, intervalMs: 1_000 } }, (logger) => {
      for (let at = 0; at < 7; at += 1) logger.warn('slow', { at });
      logger.warn('slow', { at: 7 }, { repeatKey: null });
      logger.error('slow');
      clock.advance(1_000);
      for (let at = 0; at < 5; at += 1) logger.warn('slow', { at });
      expect(logger.counts().held).toBe(8);
    });
    const shown = lines.map(({ level, at, repeated }) => [level, at, repeated ?? 0]);
    expect(shown).toEqual([
      ['WARNING', 0, 0],
      ['WARNING', 1, 0],
      ['WARNING', 7, 0],
      ['ERROR', undefined, 0],
      ['WARNING', 6, 5],
      ['WARNING', 0, 0],
      ['WARNING', 1, 0],
      ['WARNING', 4, 3],
    ]);
  });
});

describe('hostile values', () => {
  const throwing = {
    get getter(): never {
      throw new Error('getter');
    },
    fine: 1,
  };
  const cyclic: Record<string, unknown> = { name: 'a' };
  cyclic.self = cyclic;
  const proxy = new Proxy(
    {},
    { get: () => thrower(), ownKeys: () => thrower(), getPrototypeOf: () => thrower() },
  );
  function thrower(): never {
    throw new Error('trap');
  }
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const badError = Object.defineProperties(new Error('x'), {
    stack: { get: thrower },
    message: { get: thrower },
    cause: { get: thrower },
  });
  const VALUES: Readonly<Record<string, unknown>> = {
    crlf: 'a\r\nlevel=ERROR b\u2028c',
    ansi: '\u001b[31mred\u001b[0m\u0007\u009b',
    huge: 'x'.repeat(1_000_000),
    hugeWide: '语'.repeat(1_000_000),
    quotes: '"\\'.repeat(500_000),
    surrogates: '\ud800 "\udc00\ud83d',
    nul: '\u0000',
    cyclic,
    bigint: 10n ** 400n,
    hugeBigint: 2n ** 60_000n,
    nan: Number.NaN,
    infinite: -Infinity,
    symbol: Symbol('s'),
    function: () => 1,
    date: new Date(Number.NaN),
    toJSON: { toJSON: thrower, toString: thrower, [Symbol.toPrimitive]: thrower, a: 1 },
    throwing,
    proxy,
    revoked: revoked.proxy,
    badError,
    map: new Map([[1, 2]]),
    bytes: new Uint8Array(1_000_000),
    deep: JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    wide: Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, 'v'.repeat(100)])),
    nullPrototype: Object.create(null),
    aggregate: new AggregateError([new Error('one'), 'two'], 'all'),
  };

  it.each(Object.entries(VALUES))(
    'make one line of %s, also as message and as all fields',
    async (_name, value) => {
      for (const format of ['json', 'logfmt'] as const) {
        const text = await textOf({ format }, (logger) => {
          logger.info('field', hostile({ value, after: 'still here' }));
          logger.info(value as string, hostile(value));
          logger.child(hostile(value)).error('child', { error: value as Error });
        });
        const lines = text.split('\n').slice(0, -1);
        expect(lines).toHaveLength(3);
        expect(lines[0]).toContain('still here');
        for (const line of lines) {
          expect(Buffer.byteLength(line)).toBeLessThan(262_144);
          expect(line).not.toMatch(/[^\P{Cc}]|[\p{Cs}\u2028]|\\ud[89a-f]/u);
          if (format === 'json') expect(JSON.parse(line)).toMatchObject({ app: 'gatewayz' });
        }
      }
    },
  );

  it('make one line of 64 fields as long and wide as can be', async () => {
    const fields = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [`field${at}`, '语"\u0001'.repeat(9_000)]),
    );
    const [line, ...rest] = (await textOf({}, (logger) => logger.info('语'.repeat(9_000), fields))).split(
      '\n',
    );
    expect(rest).toEqual(['']);
    expect(Buffer.byteLength(line ?? '')).toBeLessThan(262_144);
    expect(JSON.parse(line ?? '')).toMatchObject({ fields_omitted: 136 });
  });

  it('say how much was cut', async () => {
    const [line] = await linesOf({}, (logger) => logger.info('x', { text: 'y'.repeat(1_000_000) }));
    expect(line?.text).toMatch(/y…\[cut: 1000000 characters\]$/);
  });

  it('make one line each, whatever they are', async () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      stringUnit: 'binary',
    });
    const cases = fc.sample(fc.tuple(anything, fc.dictionary(fc.string({ unit: 'binary' }), anything)), 500);
    const lines = await linesOf({ repeats: null }, (logger) => {
      for (const [message, fields] of cases) logger.warn(message as string, hostile(fields));
    });
    expect(lines).toHaveLength(cases.length);
    for (const line of lines) {
      expect(line).toMatchObject({ level: 'WARNING', app: 'gatewayz', env: 'test', service: 'gateway' });
      for (const value of Object.values(line))
        expect(typeof value === 'object' && value !== null).toBe(false);
    }
  });
});
