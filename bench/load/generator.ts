/** The load generator: a process that takes one job after the other from its parent and sends back what it saw. */
import { readFileSync } from 'node:fs';
import { calibrate } from './calibrate.ts';
import { runClosedLoop } from './closed-loop.ts';
import type { Job, JobResult } from './job.ts';
import { OpenLoop } from './open-loop.ts';
import { requestBytes } from './request-bytes.ts';

/** The generator's answer to a job. */
export type GeneratorReply = { readonly result: JobResult } | { readonly error: string };

const TICKS_PER_SECOND = 100;

/** User and system time of a process and of those that it has started, in seconds. */
function cpuSeconds(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const started = children === '' ? [] : children.split(' ').map(Number);
  return [pid, ...started].reduce((sum, one) => sum + cpuSecondsOfOne(one), 0);
}

/** See proc(5), fields 14 and 15 of `stat`. */
function cpuSecondsOfOne(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function run(job: Job): Promise<JobResult> {
  const bodyBytes = await calibrate(job.endpoint, job.stream);
  const request = requestBytes(job.endpoint, job.stream);
  const target = { port: job.endpoint.port, request, stream: job.stream, bodyBytes };
  const cpuBefore = cpuSeconds(job.pid);
  const startedAt = performance.now();
  const result =
    job.loop.kind === 'closed'
      ? await runClosedLoop(target, job.loop.connections, job.seconds)
      : await new OpenLoop(target, job.loop.maxConnections).run(job.loop.ratePerSecond, job.seconds);
  const wallSeconds = (performance.now() - startedAt) / 1000;
  return { ...result, cpuShare: (cpuSeconds(job.pid) - cpuBefore) / wallSeconds };
}

function reply(message: GeneratorReply): void {
  process.send?.(message);
}

process.on('message', (job: Job) => {
  run(job).then(
    (result) => reply({ result }),
    (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
