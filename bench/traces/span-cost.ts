/**
 * What tracing costs the processor for one request of three spans, the thread that exports included.
 * `node bench/traces/span-cost.ts`
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTracing, type Tracing } from '@gatewayz/telemetry';
import { freePort, startProcess } from '@gatewayz/testkit';
import { figure, table } from '../report/table.ts';
import { requestTrace } from './request-trace.ts';

type Call = (at: number) => void;

const TRACES = 20_000;
const ROUNDS = 7;
/** Traces between two turns of the event loop: a busy gateway ends a few requests in each. */
const BURST = 10;
const MAX_QUEUED = 16_000;

interface Cost {
  /** Processor time of the thread that records, µs a trace. */
  readonly threadUs: number;
  /** Of the whole process: the exporting thread and the collector of garbage are in it. */
  readonly processUs: number;
}

async function measure(call: Call, tracing: Tracing | null = null): Promise<Cost> {
  const rounds: Cost[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const thread = process.threadCpuUsage();
    const whole = process.cpuUsage();
    for (let at = 0; at < TRACES; at += BURST) {
      for (let step = 0; step < BURST; step += 1) call(at + step);
      await nextTurn();
      if ((tracing?.counts().queued ?? 0) > MAX_QUEUED) await tracing?.flush(60_000);
    }
    await tracing?.flush(60_000);
    rounds.push({
      threadUs: microseconds(process.threadCpuUsage(thread)),
      processUs: microseconds(process.cpuUsage(whole)),
    });
  }
  // The least disturbed round: what others do on the machine only ever adds.
  return {
    threadUs: Math.min(...rounds.map(({ threadUs }) => threadUs)),
    processUs: Math.min(...rounds.map(({ processUs }) => processUs)),
  };
}

function microseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / TRACES;
}

/** Begins and ends requests as the gateway does: their spans are made only where the trace is kept. */
async function measureTracing(environment: Readonly<Record<string, string>>): Promise<Cost> {
  const tracing = createTracing({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_MAX_QUEUE_SIZE: '20000', ...environment },
    serviceName: 'gatewayz',
    scope: { name: '@gatewayz/gateway', version: '0.1.0' },
  });
  if (tracing === null) throw new Error('tracing is off');
  const cost = await measure((at) => {
    const trace = tracing.begin({});
    if (tracing.keepReason(trace, 400, null) !== null) tracing.record(trace, requestTrace(trace, at));
  }, tracing);
  await tracing.close(10_000);
  const { recorded, exported } = tracing.counts();
  if (exported !== recorded) throw new Error(`of ${recorded} spans ${exported} were exported`);
  return cost;
}

const sampled = (ratio: string): Readonly<Record<string, string>> => ({
  OTEL_TRACES_SAMPLER: 'traceidratio',
  OTEL_TRACES_SAMPLER_ARG: ratio,
});

// In a process of its own: it must not be on this one's bill.
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const SINK = `require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
}).listen(${port}, '127.0.0.1', () => console.log('ready'));`;
const sink = await startProcess({ command: process.execPath, args: ['--eval', SINK], readyWhen: /ready/ });
const ended = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), parentSpanId: '', isSampled: true };
const results = {
  'nothing (the loop alone)': await measure(() => {}),
  'spans made, and thrown away': await measure((at) => {
    requestTrace({ ...ended, tracestate: '', baggage: '' }, at);
  }),
  'none sampled': await measureTracing(sampled('0')),
  '1% sampled': await measureTracing(sampled('0.01')),
  'all sampled': await measureTracing(sampled('1')),
  'all sampled, gzip': await measureTracing({ ...sampled('1'), OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }),
};
await sink.stop();
const rows = Object.entries(results).map(([name, { threadUs, processUs }]) => [
  name,
  figure(threadUs),
  figure(processUs),
]);
process.stdout.write(
  `${table(['traces', 'the recording thread, µs a trace', 'the process, µs a trace'], rows)}\n`,
);
