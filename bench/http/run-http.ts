import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobResult } from '../load/job.ts';
import type { HttpOptions } from '../options.ts';
import { type CandidateName, directHeaders, launch } from './candidates.ts';
import { type CandidateRound, HttpResults, type Round } from './http-results.ts';
import { LoadGenerator } from './load-generator.ts';
import { candidateCores, choosePinning, type Pinning } from './pinning.ts';
import { loopForWorkers, type Scenario } from './scenarios.ts';
import { freePort, peakMemoryMib, type RunningProcess, startProcess, stopProcess } from './start-process.ts';
import { workersOf } from './workers-launch.ts';

/** A candidate that listens, or the reason why it does not. */
export type Started =
  | {
      readonly running: RunningProcess;
      readonly port: number;
      readonly workers: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Ends the process and what was started for it. */
      readonly stop: () => Promise<void>;
    }
  | { readonly failure: string };

/** What all measurements share: one upstream, one place for lines and spans, one load generator, one temporary folder. */
export interface Workbench {
  readonly pinning: Pinning;
  readonly folder: string;
  readonly upstream: RunningProcess;
  readonly upstreamPort: number;
  readonly sinksPort: number;
  readonly generator: LoadGenerator;
}

/** Starts upstream and load generator, lends them to `use`, and leaves nothing behind. */
export async function withWorkbench<T>(
  streamWrites: number,
  use: (bench: Workbench) => Promise<T>,
): Promise<T> {
  const pinning = choosePinning();
  const folder = mkdtempSync(join(tmpdir(), 'gatewayz-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const upstreamPort = await freePort();
  const sinksPort = await freePort();
  const upstream = await startProcess({
    name: 'upstream',
    nodeArguments: [fileURLToPath(new URL('../upstream.ts', import.meta.url))],
    environment: { PORT: String(upstreamPort), STREAM_WRITES: String(streamWrites) },
    cores: pinning.upstream,
    folder,
    port: upstreamPort,
  });
  const sinks = await startProcess({
    name: 'sinks',
    nodeArguments: [fileURLToPath(new URL('../sinks.ts', import.meta.url))],
    environment: { PORT: String(sinksPort) },
    cores: pinning.upstream,
    folder,
    port: sinksPort,
  });
  try {
    const generator = await LoadGenerator.start(pinning.generator, folder);
    try {
      return await use({ pinning, folder, upstream, upstreamPort, sinksPort, generator });
    } finally {
      await generator.stop();
    }
  } finally {
    await stopProcess(sinks);
    await stopProcess(upstream);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts a candidate afresh; `extraArguments` come before its script, `extraEnvironment` beside its own. */
export async function startCandidate(
  bench: Workbench,
  name: CandidateName,
  extraArguments: readonly string[] = [],
  extraEnvironment: Readonly<Record<string, string>> = {},
): Promise<Started> {
  let close: () => Promise<void> = async () => {};
  try {
    const port = await freePort();
    const workers = workersOf(name);
    const { pinning, folder, upstreamPort, sinksPort } = bench;
    const plan = await launch(name, { port, upstreamPort, sinksPort, folder, cores: pinning.upstream });
    if (plan === null) {
      return {
        running: bench.upstream,
        port: upstreamPort,
        workers,
        headers: directHeaders,
        stop: async () => {},
      };
    }
    close = plan.close ?? close;
    const nodeArguments = [...extraArguments, ...plan.nodeArguments];
    const environment = { ...plan.environment, ...extraEnvironment };
    const cores = candidateCores(pinning, workers);
    const running = await startProcess({ name, nodeArguments, environment, cores, folder, port });
    const stop = async (): Promise<void> => {
      await stopProcess(running);
      await close();
    };
    return { running, port, workers, headers: (await plan.prepare?.(port)) ?? plan.headers, stop };
  } catch (error) {
    await close();
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Puts one load on each worker of a started candidate. */
export async function measure(
  bench: Workbench,
  started: Started,
  { stream, loop }: Pick<Scenario, 'stream' | 'loop'>,
  seconds: number,
): Promise<JobResult | { readonly failure: string }> {
  if ('failure' in started) {
    return started;
  }
  const { port, headers, running, workers } = started;
  try {
    return await bench.generator.run({
      endpoint: { port, headers },
      stream,
      loop: loopForWorkers(loop, workers),
      seconds,
      pid: running.pid,
    });
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Lets the candidate's code be compiled before anything counts. */
export async function warmUp(bench: Workbench, started: Started, seconds: number): Promise<void> {
  for (const stream of [false, true]) {
    await measure(bench, started, { stream, loop: { kind: 'closed', connections: 16 } }, seconds);
  }
}

async function runRound(bench: Workbench, options: HttpOptions): Promise<Round> {
  const started = new Map<CandidateName, Started>();
  const results = new Map<CandidateName, Map<string, JobResult | { readonly failure: string }>>();
  for (const name of options.candidates) {
    const candidate = await startCandidate(bench, name);
    await warmUp(bench, candidate, options.warmUpSeconds);
    started.set(name, candidate);
    results.set(name, new Map());
  }
  for (const scenario of options.scenarios) {
    for (const [name, candidate] of started) {
      results.get(name)?.set(scenario.name, await measure(bench, candidate, scenario, options.seconds));
    }
  }
  const round = new Map<CandidateName, CandidateRound>();
  for (const [name, candidate] of started) {
    const isOwn = 'running' in candidate && candidate.running !== bench.upstream;
    const memory = isOwn ? peakMemoryMib(candidate.running.pid) : null;
    round.set(name, { results: results.get(name) ?? new Map(), peakMemoryMib: memory });
    if ('running' in candidate) {
      await candidate.stop();
    }
  }
  return round;
}

/** Runs all rounds, with the candidates taking turns under each load. */
export function runHttp(options: HttpOptions, note: (line: string) => void): Promise<HttpResults> {
  return withWorkbench(options.streamWrites, async (bench) => {
    note(`http: ${bench.pinning.text}`);
    const rounds: Round[] = [];
    for (let index = 0; index < options.rounds; index += 1) {
      note(`http: round ${index + 1} of ${options.rounds}`);
      rounds.push(await runRound(bench, options));
    }
    return new HttpResults(options.candidates, options.scenarios, rounds);
  });
}
