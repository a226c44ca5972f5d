/** Polls a health service in a process of its own: `node --expose-gc poller-worker.ts '{"url":…,"polls":…}'`. */
import { createRegistry } from '@gatewayz/metrics';
import { createHealthPoller, createHealthServiceMetrics, type HealthPoller } from '@gatewayz/observability';

/** What a worker is started with. */
export interface PollerPlan {
  readonly url: string;
  readonly polls: number;
}

/** What one process measured. */
export interface PollerFigures {
  /** From the start of a poll until all four endpoints are exported, of every poll. */
  readonly milliseconds: readonly number[];
  /** Of the process, garbage collection included, per poll. */
  readonly cpuMsPerPoll: number;
  /** In use after the polls, once everything that can be collected is. */
  readonly heapBytes: number;
  readonly heapGrowthBytes: number;
  /** What the last poll exported. */
  readonly models: number;
}

/** So many that code is compiled and buffers have their size. */
const WARM_UP_POLLS = 300;

/** Sockets are let go over a few turns of the event loop, and their memory only after that. */
async function settledHeap(): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('start with --expose-gc');
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

async function poll(poller: HealthPoller, times: Float64Array): Promise<void> {
  for (let index = 0; index < times.length; index += 1) {
    const startedAt = performance.now();
    const results = await poller.pollOnce();
    times[index] = performance.now() - startedAt;
    const failed = results.find(({ kind }) => kind !== 'answered');
    if (failed !== undefined) throw new Error(`a poll failed: ${JSON.stringify(failed)}`);
  }
}

async function measure({ url, polls }: PollerPlan): Promise<PollerFigures> {
  const registry = createRegistry();
  const poller = createHealthPoller({
    url,
    intervalMs: 30_000,
    metrics: createHealthServiceMetrics(registry),
    now: () => performance.now(),
    epochNow: Date.now,
    random: Math.random,
  });
  const times = new Float64Array(polls);
  await poll(poller, new Float64Array(WARM_UP_POLLS));
  const heapBefore = await settledHeap();
  const cpuBefore = process.cpuUsage();
  await poll(poller, times);
  const cpu = process.cpuUsage(cpuBefore);
  const heapBytes = await settledHeap();
  const [sample] = registry.samples('gatewayz_health_tracked_models');
  return {
    milliseconds: [...times],
    cpuMsPerPoll: (cpu.user + cpu.system) / 1000 / polls,
    heapBytes,
    heapGrowthBytes: heapBytes - heapBefore,
    models: sample?.value ?? 0,
  };
}

const plan: PollerPlan = JSON.parse(process.argv[2] ?? '{}');
process.stdout.write(JSON.stringify(await measure(plan)));
