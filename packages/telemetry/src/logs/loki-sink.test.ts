import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FakeLoki, type FakeLokiOptions, startFakeLoki, temporaryFolder } from '@gatewayz/testkit';
import { describe, expect, it } from 'vitest';
import { createLogger } from './create-logger.ts';
import type { Logger } from './logger.ts';
import type { LoggerOptions, LokiOptions } from './logger-options.ts';
import { type StartThread, startWorkerThread } from './loki/pushing-thread.ts';

const FAST: Partial<LokiOptions> = { flushMs: 5, timing: { timeoutMs: 300, backoffMs: 2, maxBackoffMs: 10 } };

interface Bench extends AsyncDisposable {
  readonly loki: FakeLoki;
  readonly logger: Logger;
}

async function start(
  lokiOptions: Partial<LokiOptions> = {},
  options: Partial<LoggerOptions> = {},
  fake: FakeLokiOptions = {},
): Promise<Bench> {
  const loki = await startFakeLoki(fake);
  const fd = openSync('/dev/null', 'a');
  const logger = createLogger({
    app: 'gatewayz',
    env: 'test',
    service: 'gateway',
    fd,
    ...options,
    loki: { url: loki.url, ...FAST, ...lokiOptions },
  });
  return {
    loki,
    logger,
    [Symbol.asyncDispose]: async () => {
      await logger.close(0);
      await loki.close();
      closeSync(fd);
    },
  };
}

function countsOf(logger: Logger) {
  const counts = logger.counts().loki;
  if (counts === null) throw new Error('there is no Loki');
  return counts;
}

/** Holds at every moment, whatever happens. */
function expectBalance(logger: Logger): void {
  const { written, delivered, droppedFull, droppedRejected, droppedClosed, queued } = countsOf(logger);
  expect(written).toBe(delivered + droppedFull + droppedRejected + droppedClosed + queued);
}

/** Every number from 0 that is in a line of Loki's, once and in order within its stream. */
function numbersOf(loki: FakeLoki): readonly number[] {
  const all: number[] = [];
  for (const { entries } of loki.streams) {
    const numbers = entries.map(({ line }) => (JSON.parse(line) as { n: number }).n);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    all.push(...numbers);
  }
  return all.sort((a, b) => a - b);
}

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at);
}

describe('what arrives', () => {
  it('is the line of standard output, with few labels, and ids as structured metadata', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'out');
    const fd = openSync(path, 'a');
    await using bench = await start({}, { fd, format: 'logfmt' });
    const { loki, logger } = bench;
    const ids = { request_id: 'r1', trace_id: 't1', span_id: 's1', model: 'llama 3', user_id: 'u1' };
    logger.error('failed', { ...ids, provider: 'groq', error_type: 'timeout', other: 'x' });
    await logger.close(5_000);
    closeSync(fd);
    expect(loki.streams).toHaveLength(1);
    expect(loki.streams[0]?.labels).toEqual({
      app: 'gatewayz',
      env: 'test',
      service: 'gateway',
      level: 'ERROR',
      error_type: 'timeout',
      provider: 'groq',
    });
    const [entry] = loki.streams[0]?.entries ?? [];
    expect(entry?.metadata).toEqual(ids);
    expect(`${entry?.line}\n`).toBe(readFileSync(path, 'utf8'));
    const time = /time=(\S+)/.exec(entry?.line ?? '')?.[1] ?? '';
    expect(Number((entry?.timestamp ?? 0n) / 1_000_000n)).toBe(Date.parse(time));
  });

  it('has no structured metadata where Loki takes none', async () => {
    await using bench = await start({ structuredMetadata: false }, {}, { limits: { allowsMetadata: false } });
    bench.logger.info('x', { request_id: 'r1' });
    await bench.logger.close(5_000);
    expect(bench.loki.stats()).toMatchObject({ accepted: 1, discarded: {} });
  });

  it('comes with the tenant and the password of the URL', async () => {
    const fake = await startFakeLoki({ needsTenant: true, basicAuth: 'me:p@ss' });
    await using bench = await start({
      url: fake.url.replace('http://', 'http://me:p%40ss@'),
      tenant: 'team-a',
    });
    bench.logger.info('x');
    await bench.logger.close(5_000);
    expect(fake.streams.map(({ tenant }) => tenant)).toEqual(['team-a']);
    await fake.close();
  });

  it('is each of 100,000 mixed lines exactly once and in order, through every passing fault', async () => {
    await using bench = await start({ maxQueuedLines: 200_000, maxQueuedBytes: 100_000_000 });
    const { loki, logger } = bench;
    loki.setScript([
      { kind: 'accept' },
      { kind: 'reply', status: 503, stores: true },
      { kind: 'reset', stores: true },
      { kind: 'reply', status: 429, headers: { 'retry-after': '0' } },
      { kind: 'accept' },
      { kind: 'resetInBody', afterBytes: 1 },
      { kind: 'hang', stores: true },
      { kind: 'reply', status: 500, body: 'no quorum' },
      { kind: 'accept', delayMs: 50 },
      { kind: 'reset' },
    ]);
    const levels = ['info', 'error', 'fatal'] as const;
    for (let n = 0; n < 100_000; n += 1) {
      const level = levels[n % 3] ?? 'info';
      logger[level]('Request processed', {
        n,
        provider: `p${n % 5}`,
        request_id: `r${n}`,
        text: 'žluť "x"\n',
      });
      if (n % 5_000 === 0) {
        expectBalance(logger);
        await nextTurn();
      }
    }
    await logger.close(25_000);
    expect(countsOf(logger)).toMatchObject({ written: 100_000, delivered: 100_000, queued: 0 });
    expect(loki.stats()).toMatchObject({ accepted: 100_000, outOfOrder: 0, discarded: {} });
    expect(loki.stats().duplicates).toBeGreaterThan(0);
    expect(loki.streams).toHaveLength(15);
    expect(numbersOf(loki)).toEqual(upTo(100_000));
  });
});

describe('an outage', () => {
  it('Telemetry: Loki down an hour → memory stays bounded, and the books balance to the line all the time', async () => {
    const maxQueuedBytes = 500_000;
    await using bench = await start({ maxQueuedLines: 2_000, maxQueuedBytes });
    const { loki, logger } = bench;
    await loki.stop();
    for (let n = 0; n < 50_000; n += 1) {
      logger.info('x', { n });
      if (n % 100 === 0) {
        expectBalance(logger);
        expect(logger.queuedBytes()).toBeLessThan(maxQueuedBytes);
        await nextTurn();
      }
    }
    const during = countsOf(logger);
    expect(during).toMatchObject({ written: 50_000, delivered: 0, queued: 2_000, droppedFull: 48_000 });
    await loki.start();
    await logger.flush(10_000);
    logger.info('after', { n: 50_000 });
    await logger.close(10_000);
    expect(countsOf(logger)).toEqual({
      written: 50_001,
      delivered: 2_001,
      droppedFull: 48_000,
      droppedRejected: 0,
      droppedClosed: 0,
      queued: 0,
    });
    expect(numbersOf(loki)).toEqual([...upTo(2_000), 50_000]);
  });

  it('is told on standard output alone, with a count, and ends within the budget with the rest counted', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'out');
    const fd = openSync(path, 'a');
    await using bench = await start({}, { fd });
    bench.loki.setScript({ kind: 'reply', status: 503, body: 'key=s3cretvalue' });
    for (let n = 0; n < 10; n += 1) bench.logger.info('x', { n });
    await expect.poll(() => bench.loki.stats().pushes, { timeout: 20_000 }).toBeGreaterThan(3);
    expectBalance(bench.logger);
    await bench.logger.close(50);
    bench.logger.info('late');
    closeSync(fd);
    expect(countsOf(bench.logger)).toMatchObject({ written: 11, delivered: 0, droppedClosed: 11, queued: 0 });
    const told = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.includes('do not reach Loki'))
      .map((line) => JSON.parse(line) as { reason: string; repeated?: number });
    expect(told).toHaveLength(2);
    expect(told[0]?.reason).toBe('status 503: key=[redacted]');
    expect(told[1]?.repeated).toBeLessThan(bench.loki.stats().pushes);
  });

  it('does not keep close from ending while Loki hangs', async () => {
    await using bench = await start({ timing: { timeoutMs: 60_000 } });
    bench.loki.setScript({ kind: 'hang' });
    bench.logger.info('x');
    await bench.logger.close(50);
    expect(countsOf(bench.logger)).toMatchObject({ droppedClosed: 1, queued: 0 });
  });
});

describe('a refusal', () => {
  it('drops the bad lines of a batch and no other', async () => {
    await using bench = await start({ flushMs: 100 }, {}, { limits: { maxLineBytes: 1_000 } });
    const { loki, logger } = bench;
    for (let n = 0; n < 1_000; n += 1) logger.info('x', { n, text: n % 400 === 7 ? 'y'.repeat(2_000) : 'y' });
    await logger.close(10_000);
    expect(countsOf(logger)).toMatchObject({ delivered: 997, droppedRejected: 3, queued: 0 });
    expect(loki.stats().accepted).toBe(997);
  });

  it('drops lines that come with wrong credentials, and goes on', async () => {
    await using bench = await start({}, {}, { needsTenant: true });
    bench.logger.info('x');
    bench.logger.info('y');
    await bench.logger.close(5_000);
    expect(countsOf(bench.logger)).toMatchObject({ written: 2, droppedRejected: 2, queued: 0 });
  });
});

describe('a pushing thread', () => {
  it('that dies is replaced, and what it had is sent again', async () => {
    let deaths = 0;
    const startThread: StartThread = (target, timing, events) => {
      const thread = startWorkerThread(target, timing, events);
      const mine = deaths;
      if (mine === 3) return thread;
      // It dies with its push at Loki, which has the lines already and will never say so.
      const watch = setInterval(() => {
        if (bench.loki.stats().pushes <= mine) return;
        clearInterval(watch);
        deaths += 1;
        thread.kill();
        events.onEnd('killed');
      }, 5);
      return thread;
    };
    await using bench = await start({ startThread, timing: { timeoutMs: 60_000 } });
    bench.loki.setScript(Array.from({ length: 3 }, () => ({ kind: 'hang', stores: true })));
    for (let n = 0; n < 500; n += 1) bench.logger.info('x', { n });
    await bench.logger.flush(10_000);
    expect(deaths).toBe(3);
    expectBalance(bench.logger);
    expect(countsOf(bench.logger)).toMatchObject({ written: 500, delivered: 500, queued: 0 });
    expect(numbersOf(bench.loki)).toEqual(upTo(500));
  });

  it('that falls silent is replaced', async () => {
    let started = 0;
    const startThread: StartThread = (...start) => {
      started += 1;
      return started > 1
        ? startWorkerThread(...start)
        : { send: () => {}, receiveSync: () => {}, kill: () => {} };
    };
    await using bench = await start({ startThread, silenceMs: 2_000 });
    bench.logger.info('x', { n: 0 });
    await bench.logger.flush(10_000);
    expect(countsOf(bench.logger)).toMatchObject({ delivered: 1, queued: 0 });
  });

  it('that dies of a batch again and again is not given it forever', async () => {
    const startThread: StartThread = () => {
      throw new Error('no more threads');
    };
    await using bench = await start({ startThread });
    bench.logger.info('x', { n: 0 });
    await bench.logger.flush(10_000);
    expect(countsOf(bench.logger)).toMatchObject({ written: 1, droppedRejected: 1, queued: 0 });
  });
});
