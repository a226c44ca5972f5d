import { readFileSync } from 'node:fs';
import type { RunningGateway } from '@gatewayz/testkit';
import { expect, vi } from 'vitest';
import { type Stage, type StageOptions, startStage } from '../stage.ts';

/** How long a test waits for what happens on its own. */
export const PATIENT = { timeout: 20_000, interval: 50 };

/** Starts a gateway of two workers, unless told otherwise, and waits until all are there. */
export async function startWorkerStage<Name extends string>(
  options: StageOptions<Name>,
  workers = 2,
): Promise<Stage<Name>> {
  const env = { GATEWAYZ_WORKERS: String(workers), ...options.gateway?.env };
  const stage = await startStage({ ...options, gateway: { ...options.gateway, env } });
  try {
    await allRun(stage.gateway, workers);
    return stage;
  } catch (error) {
    await stage.close();
    throw error;
  }
}

/** Resolves when so many workers run and so many have ended, if that is to be waited for. */
export async function allRun(gateway: RunningGateway, workers = 2, exits = 0): Promise<void> {
  await vi.waitFor(async () => {
    const metrics = await gateway.metrics();
    expect(metrics.value('gatewayz_worker_exits_total')).toBeGreaterThanOrEqual(exits);
    expect(metrics.value('gatewayz_workers', { state: 'running' })).toBe(workers);
  }, PATIENT);
}

/** How many workers are in that state, as the gateway tells. */
export async function workersThat(state: string, gateway: RunningGateway): Promise<number | undefined> {
  return (await gateway.metrics()).value('gatewayz_workers', { state });
}

/** The processes that a process has started, in that order. */
export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Ends or stops a worker, by its place in the order of their starts. */
export function signalWorker(gateway: RunningGateway, index: number, signal: NodeJS.Signals): number {
  const pid = childrenOf(gateway.process.pid)[index];
  if (pid === undefined) throw new Error(`there is no worker ${index}`);
  process.kill(pid, signal);
  return pid;
}

/** Runs a test's part while a worker stands still, so that all new connections go to the others. */
export async function whileStopped<T>(
  gateway: RunningGateway,
  index: number,
  run: () => Promise<T>,
): Promise<T> {
  const pid = signalWorker(gateway, index, 'SIGSTOP');
  try {
    return await run();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Makes one request over a connection of its own and returns its status; 0 where the connection was cut. */
export async function askOnce(
  { url }: Pick<RunningGateway, 'url'>,
  path: string,
  body?: object,
): Promise<number> {
  return fetch(`${url}${path}`, {
    headers: { 'content-type': 'application/json', connection: 'close' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );
}

/** A worker's own page of providers, asked over a connection of its own. */
export async function readDashboard({ url }: Pick<RunningGateway, 'url'>): Promise<{
  readonly providers: readonly {
    readonly requests_last_hour: number;
    readonly circuit_breaker_state: string;
  }[];
}> {
  const response = await fetch(`${url}/health/dashboard`, { headers: { connection: 'close' } });
  return (await response.json()) as Awaited<ReturnType<typeof readDashboard>>;
}
