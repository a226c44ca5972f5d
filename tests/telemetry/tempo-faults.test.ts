import type { FakeOtlp } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { arrived, spanCounts, startTelemetryStage, type TelemetryStage } from './telemetry-stage.ts';

const REQUESTS = 30;
const SPANS_OF_REQUEST = 3;

let stage: TelemetryStage<'primary'>;

beforeAll(async () => {
  stage = await startTelemetryStage({
    providers: { primary: {} },
    gateway: { env: { OTEL_BSP_EXPORT_TIMEOUT: '800', OTEL_EXPORTER_OTLP_TIMEOUT: '400' } },
  });
});

afterAll(() => stage.close());

async function askAll(): Promise<readonly number[]> {
  const asked = Array.from({ length: REQUESTS }, () => ask(stage.gateway, { body: chatBody('Hello') }));
  return (await Promise.all(asked)).map(({ status }) => status);
}

/** How much each count grows by while requests are made under a fault, once nothing waits any more. */
async function grownUnder(fail: (otlp: FakeOtlp) => unknown, heal: (otlp: FakeOtlp) => unknown) {
  const before = spanCounts(await stage.gateway.metrics());
  await fail(stage.otlp);
  expect(await askAll()).toEqual(Array.from({ length: REQUESTS }, () => 200));
  const grown = async (): Promise<Record<string, number>> => {
    const now = Object.entries(spanCounts(await stage.gateway.metrics()));
    return Object.fromEntries(now.map(([outcome, value]) => [outcome, value - (before[outcome] ?? 0)]));
  };
  const sum = async (): Promise<number> => Object.values(await grown()).reduce((all, one) => all + one, 0);
  await arrived(sum, SPANS_OF_REQUEST * REQUESTS);
  const counts = await grown();
  await heal(stage.otlp);
  return counts;
}

/** Waits until the counts stand still: what had been made before is counted. */
async function settledSpans(): Promise<void> {
  let last = -1;
  await vi.waitFor(
    async () => {
      const counts = spanCounts(await stage.gateway.metrics());
      const sum = Object.values(counts).reduce((all, one) => all + one, 0);
      const isSettled = sum === last;
      last = sum;
      expect(isSettled).toBe(true);
    },
    { timeout: 20_000, interval: 1500 },
  );
}

const LOST = { exported: 0, dropped_full: 0, dropped_failed: SPANS_OF_REQUEST * REQUESTS };
const accept = (otlp: FakeOtlp): void => otlp.setScript({ kind: 'accept' });

test('Telemetry: Tempo down → every span is counted, and no request is the worse for it', async () => {
  const counts = await grownUnder(
    (otlp) => otlp.stop(),
    (otlp) => otlp.start(),
  );
  expect(counts).toEqual(LOST);
});

test('Telemetry: Tempo hanging → every span is counted, and no request is the worse for it', async () => {
  expect(await grownUnder((otlp) => otlp.setScript({ kind: 'hang' }), accept)).toEqual(LOST);
});

test('Telemetry: Tempo 503 → every span is counted, and no request is the worse for it', async () => {
  const refuse = (otlp: FakeOtlp): void => otlp.setScript({ kind: 'reply', status: 503 });
  expect(await grownUnder(refuse, accept)).toEqual(LOST);
});

test('a Tempo that is back gets every span of what is asked then', async () => {
  // The pause after the last failure holds for every batch, and is longer than one may wait here.
  await vi.waitFor(
    async () => {
      await ask(stage.gateway, { body: chatBody('Hello') });
      expect(stage.otlp.spans.length).toBeGreaterThan(0);
    },
    { timeout: 20_000, interval: 200 },
  );
  await settledSpans();
  const before = stage.otlp.spans.length;
  const counts = await grownUnder(accept, accept);
  expect(counts).toEqual({ ...LOST, exported: SPANS_OF_REQUEST * REQUESTS, dropped_failed: 0 });
  expect(stage.otlp.spans.length - before).toBe(SPANS_OF_REQUEST * REQUESTS);
});

test('one line tells of a Tempo that takes nothing, however many batches it refuses', () => {
  const lines = stage.gateway.process.stdout().split('\n');
  const told = lines.filter((line) => line.includes('the collector took no spans'));
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThan(10);
});

test('Telemetry: Tempo hanging → the process ends within its budget, and lines are not lost by it', async () => {
  // A minute for each request and batch: a process that waited for the collector would be killed.
  await using own = await startTelemetryStage({
    providers: { primary: {} },
    gateway: { env: { OTEL_BSP_EXPORT_TIMEOUT: '60000', OTEL_EXPORTER_OTLP_TIMEOUT: '60000' } },
  });
  own.otlp.setScript({ kind: 'hang' });
  expect((await ask(own.gateway, { body: chatBody('Hello') })).status).toBe(200);
  await arrived(() => own.otlp.requests.length, 1);
  expect(await own.gateway.stop(20_000)).toEqual({ code: 0, signal: null });
  const printed = own.gateway.process.stdout().split('\n').slice(0, -1);
  expect(own.loki.stats().accepted).toBe(printed.length);
});
