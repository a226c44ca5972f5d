/**
 * What lines and spans cost the processor for one request of the gateway, from its beginning to its last signal, all
 * threads: lines on standard output alone, and lines to Loki or spans beside them. `node bench/traces/request-cost.ts [rounds]`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort, startProcess } from '@gatewayz/testkit';
import { telemetryEnvironment, telemetryNames } from '../http/telemetry-candidates.ts';
import { median } from '../report/median.ts';
import { figure, table } from '../report/table.ts';
import type { RequestCost } from './request-cost-round.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
/** Until the code is compiled. */
const WARM_UP_ROUNDS = 4;

async function play(child: ChildProcess): Promise<RequestCost> {
  child.send('round');
  const [cost] = (await once(child, 'message')) as [RequestCost & { readonly losses: number }];
  if (cost.losses > 0) throw new Error(`${cost.losses} lines or spans did not arrive`);
  return cost;
}

function start(environment: Readonly<Record<string, string>>): ChildProcess {
  const file = fileURLToPath(new URL('./request-cost-round.ts', import.meta.url));
  const env = { ...process.env, OTEL_BSP_MAX_QUEUE_SIZE: '20000', ...environment };
  return fork(file, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

// In a process of its own: it must not be on the others' bill.
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const sinks = await startProcess({
  command: process.execPath,
  args: [fileURLToPath(new URL('../sinks.ts', import.meta.url))],
  env: { PORT: String(port) },
  readyWhen: `${url}/v1/traces`,
});
const subjects = [
  { name: 'lines on standard output', child: start({}), costs: [] as RequestCost[] },
  ...telemetryNames.map((name) => ({
    name,
    child: start(telemetryEnvironment(name, url)),
    costs: [] as RequestCost[],
  })),
];
// They take turns, so that what others do on the machine comes upon all of them alike.
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
  for (const { child, costs } of subjects) {
    const cost = await play(child);
    if (round >= 0) costs.push(cost);
  }
}
for (const { child } of subjects) child.disconnect();
await sinks.stop();

const medians = subjects.map(({ name, costs }) => ({
  name,
  threadUs: median(costs.map(({ threadUs }) => threadUs)),
  processUs: median(costs.map(({ processUs }) => processUs)),
}));
const base = medians[0]?.processUs ?? 0;
const rows = medians.map(({ name, threadUs, processUs }) => [
  name,
  figure(threadUs),
  figure(processUs),
  figure(processUs - base),
]);
process.stdout.write(
  `${table(['sinks', 'the serving thread, µs a request', 'the process, µs a request', 'more than lines alone, µs'], rows)}\n`,
);
