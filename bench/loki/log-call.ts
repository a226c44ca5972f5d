/**
 * What one log call costs the thread that makes it, with and without Loki, and pino alone beside it.
 * `node bench/loki/log-call.ts`
 */
import { closeSync, openSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogger, type Logger, type LoggerOptions } from '@gatewayz/telemetry';
import { freePort, startProcess } from '@gatewayz/testkit';
import { pino } from 'pino';
import { figure, table } from '../report/table.ts';
import { requestFields } from './request-fields.ts';

type Call = (at: number) => void;

const CALLS = 20_000;
const ROUNDS = 9;
/** Calls between two turns of the event loop, so that sinks can work as they do in a server. */
const BURST = 50;

const fields = Array.from({ length: 1_000 }, (_, at) => requestFields(at));
const fd = openSync('/dev/null', 'a');

function fieldsOf(at: number): (typeof fields)[number] {
  return fields[at % fields.length] ?? {};
}

async function measure(call: Call): Promise<{ readonly callUs: number; readonly wholeUs: number }> {
  const calls: number[] = [];
  const wholes: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let inCallsMs = 0;
    const processorBefore = process.threadCpuUsage();
    for (let at = 0; at < CALLS; at += BURST) {
      const before = performance.now();
      for (let step = 0; step < BURST; step += 1) call(at + step);
      inCallsMs += performance.now() - before;
      await nextTurn();
    }
    const { user, system } = process.threadCpuUsage(processorBefore);
    calls.push((inCallsMs * 1_000) / CALLS);
    wholes.push((user + system) / CALLS);
  }
  // The least disturbed round: what others do on the machine only ever adds.
  return { callUs: Math.min(...calls), wholeUs: Math.min(...wholes) };
}

async function measureLogger(options: Partial<LoggerOptions>, run: (logger: Logger) => Call) {
  const logger = createLogger({ app: 'gatewayz', env: 'production', service: 'gateway', fd, ...options });
  const result = await measure(run(logger));
  await logger.close(10_000);
  return { ...result, counts: logger.counts() };
}

// In a process of its own: it must not be on this thread's bill.
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const SINK = `require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(204).end());
}).listen(${port}, '127.0.0.1', () => console.log('ready'));`;
const sink = await startProcess({ command: process.execPath, args: ['--eval', SINK], readyWhen: /ready/ });
const lokiOptions = { url, maxQueuedLines: 1_000_000, maxQueuedBytes: 400_000_000 };
const info =
  (logger: Logger): Call =>
  (at) =>
    logger.info('Request processed', fieldsOf(at));
const redact = Array.from({ length: 20 }, (_, at) => `configured-secret-number-${at}`);

const plain = pino(
  { base: { app: 'gatewayz' } },
  pino.destination({ dest: '/dev/null', sync: false, minLength: 4_096 }),
);
const results = {
  'nothing (the loop alone)': await measure(() => {}),
  'below the level': await measureLogger({ level: 'warn' }, info),
  'pino alone, nothing masked': await measure((at) => plain.info(fieldsOf(at), 'Request processed')),
  'standard output': await measureLogger({}, info),
  'standard output, 20 secrets': await measureLogger({ redact }, info),
  'standard output, logfmt': await measureLogger({ format: 'logfmt' }, info),
  'standard output and Loki': await measureLogger({ loki: lokiOptions }, info),
  'standard output and a Loki that is down': await measureLogger(
    { loki: { url: 'http://127.0.0.1:9' } },
    info,
  ),
};
closeSync(fd);
await sink.stop();
const rows = Object.entries(results).map(([name, { callUs, wholeUs }]) => [
  name,
  figure(callUs),
  figure(wholeUs),
]);
process.stdout.write(
  `${table(['sinks', 'the call, µs', 'processor time of the thread a call, µs'], rows)}\n`,
);
