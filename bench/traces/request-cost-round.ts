/** One way to run telemetry, in a process of its own: makes a round of requests for each message, and tells its cost. */
import { closeSync, openSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogger, createTracing } from '@gatewayz/telemetry';
import { createEndedRequests } from './ended-request.ts';

/** Processor time of one request, microseconds. */
export interface RequestCost {
  /** Of the thread that serves requests. */
  readonly threadUs: number;
  /** Of the whole process: threads that ship, that compile and that collect garbage are in it. */
  readonly processUs: number;
}

const REQUESTS = 10_000;
/** Requests between two turns of the event loop: a busy gateway ends a few in each. */
const BURST = 10;
const MAX_LINES = 20_000;
const MAX_SPANS = 12_000;
const BUDGET_MS = 60_000;

const { LOKI_URL: url } = process.env;
const fd = openSync('/dev/null', 'a');
const logger = createLogger({
  app: 'gatewayz',
  env: 'production',
  service: 'gateway',
  fd,
  loki: url === undefined ? null : { url },
});
const tracing = createTracing({
  serviceName: 'gatewayz',
  scope: { name: '@gatewayz/gateway', version: '0.1.0' },
});
const endRequest = await createEndedRequests({ logger, tracing });
let made = 0;

async function settle(): Promise<void> {
  await Promise.all([logger.flush(BUDGET_MS), tracing?.flush(BUDGET_MS)]);
}

async function round(): Promise<RequestCost> {
  const thread = process.threadCpuUsage();
  const whole = process.cpuUsage();
  for (let at = 0; at < REQUESTS; at += BURST) {
    for (let step = 0; step < BURST; step += 1) endRequest(made++);
    await nextTurn();
    const lines = logger.counts().loki?.queued ?? 0;
    if (lines > MAX_LINES || (tracing?.counts().queued ?? 0) > MAX_SPANS) await settle();
  }
  await settle();
  return {
    threadUs: microseconds(process.threadCpuUsage(thread)),
    processUs: microseconds(process.cpuUsage(whole)),
  };
}

function microseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / REQUESTS;
}

/** Everything must have arrived, or the cost is not that of the whole way. */
function losses(): number {
  const { loki, stdout } = logger.counts();
  const spans = tracing?.counts();
  return (
    stdout.dropped +
    (loki === null ? 0 : loki.written - loki.delivered - loki.queued) +
    (spans === undefined ? 0 : spans.recorded - spans.exported - spans.queued)
  );
}

process.on('message', async (message) => {
  if (message === 'round') process.send?.({ ...(await round()), losses: losses() });
});
process.once('disconnect', async () => {
  await Promise.all([logger.close(1_000), tracing?.close(1_000)]);
  closeSync(fd);
});
