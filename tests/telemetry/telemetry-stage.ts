import {
  type FakeLoki,
  type FakeLokiOptions,
  type FakeOtlp,
  type LokiEntry,
  type Metrics,
  type ReceivedSpan,
  startFakeLoki,
  startFakeOtlp,
} from '@gatewayz/testkit';
import { expect, vi } from 'vitest';
import { type Stage, type StageOptions, startStage } from '../stage.ts';

/** One line as it is read: what every line has, and its own fields. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly app: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A real gateway whose lines go to a fake Loki, and its spans to a fake collector. */
export interface TelemetryStage<Name extends string> extends Stage<Name> {
  readonly loki: FakeLoki;
  readonly otlp: FakeOtlp;
}

/** Spans leave after 50 ms, so that no test waits for the five seconds of OpenTelemetry's default. */
const QUICK_SPANS = { OTEL_BSP_SCHEDULE_DELAY: '50' } as const;

/** Starts both sinks, providers and a gateway that knows all of them. */
export async function startTelemetryStage<Name extends string>(
  options: StageOptions<Name>,
  fake: FakeLokiOptions = {},
): Promise<TelemetryStage<Name>> {
  const [loki, otlp] = await Promise.all([startFakeLoki(fake), startFakeOtlp()]);
  const closeSinks = async (): Promise<void> => {
    await Promise.all([loki.close(), otlp.close()]);
  };
  try {
    const env = {
      LOKI_URL: withBasicAuth(loki.url, fake.basicAuth),
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      ...QUICK_SPANS,
    };
    const stage = await startStage({
      ...options,
      gateway: { ...options.gateway, env: { ...env, ...options.gateway?.env } },
    });
    const close = async (): Promise<void> => {
      await stage.close();
      await closeSinks();
    };
    return { ...stage, loki, otlp, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await closeSinks();
    throw error;
  }
}

function withBasicAuth(url: string, basicAuth: string | undefined): string {
  if (basicAuth === undefined) return url;
  const [name, password] = basicAuth.split(':').map(encodeURIComponent);
  return url.replace('//', `//${name}:${password}@`);
}

/** Whole lines of a text, read as JSON. */
export function readLines(text: string): readonly LogLine[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** Everything that Loki has, each entry with the labels of its stream. */
export function lokiEntries(
  loki: FakeLoki,
): readonly { readonly labels: Readonly<Record<string, string>>; readonly entry: LokiEntry }[] {
  return loki.streams.flatMap(({ labels, entries }) => entries.map((entry) => ({ labels, entry })));
}

/** The lines that Loki has of one request, in order. */
export function linesOf(loki: FakeLoki, requestId: string | null): readonly LogLine[] {
  const lines = lokiEntries(loki).map(({ entry }) => JSON.parse(entry.line) as LogLine);
  return lines.filter(({ request_id }) => request_id === requestId);
}

/** The spans of one trace, by name. */
export function spansOf(otlp: FakeOtlp, traceId: string): readonly ReceivedSpan[] {
  return otlp.spans.filter((span) => span.traceId === traceId);
}

/** Waits until a condition on what has arrived holds. */
export async function arrived(read: () => unknown, expected: unknown): Promise<void> {
  const check = async (): Promise<void> => expect(await read()).toEqual(expected);
  await vi.waitFor(check, { timeout: 20_000, interval: 50 });
}

/** Lines by what became of them; `written` is their sum with those that wait. */
export function lineCounts(metrics: Metrics): Readonly<Record<string, number>> {
  const counts = byOutcome(metrics, 'gatewayz_log_lines_total');
  return { ...counts, queued: metrics.value('loki_log_queue_size') ?? Number.NaN };
}

/** Spans by what became of them. */
export function spanCounts(metrics: Metrics): Readonly<Record<string, number>> {
  return byOutcome(metrics, 'gatewayz_spans_total');
}

function byOutcome(metrics: Metrics, name: string): Record<string, number> {
  return Object.fromEntries(metrics.series(name).map(({ labels, value }) => [labels.outcome, value]));
}
