import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Cores, candidateCores, choosePinning, pinned } from '../http/pinning.ts';
import type { PollerOptions } from '../options.ts';
import type { PollerFigures, PollerPlan } from './poller-worker.ts';
import { MODELS, startSizedHealthService } from './sized-health-service.ts';

/** What the poller part measured, a figure each for every process. */
export interface PollerResults {
  readonly polls: number;
  readonly answerBytes: number;
  readonly runs: readonly PollerFigures[];
}

const WORKER = fileURLToPath(new URL('./poller-worker.ts', import.meta.url));
const WORKER_TIMEOUT_MS = 120_000;

/** The providers' stub lives in this process, so the worker is waited for without blocking it. */
async function runWorker(plan: PollerPlan, cores: Cores): Promise<PollerFigures> {
  const command = pinned(cores, [process.execPath, '--expose-gc', WORKER, JSON.stringify(plan)]);
  const { stdout } = await promisify(execFile)(command.file, [...command.arguments], {
    timeout: WORKER_TIMEOUT_MS,
    maxBuffer: 2 ** 26,
  });
  const figures: PollerFigures = JSON.parse(stdout);
  if (figures.models !== MODELS) throw new Error(`${figures.models} models are exported, not ${MODELS}`);
  return figures;
}

/** Measures polls of a real health service of {@link MODELS} models, each run in a fresh process. */
export async function runPoller(
  options: PollerOptions,
  note: (line: string) => void,
): Promise<PollerResults> {
  const pinning = choosePinning();
  const cores = candidateCores(pinning, 1);
  note(`poller: starting a health service of ${MODELS.toLocaleString('en')} models`);
  const service = await startSizedHealthService(pinning.upstream);
  try {
    const runs: PollerFigures[] = [];
    for (let run = 0; run < options.runs; run += 1) {
      note(`poller: run ${run + 1} of ${options.runs}`);
      runs.push(await runWorker({ url: service.url, polls: options.polls }, cores));
    }
    return { polls: options.polls, answerBytes: service.answerBytes, runs };
  } finally {
    await service.stop();
  }
}
