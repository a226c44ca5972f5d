import type { Config, Secrets } from '@gatewayz/config';
import { type Counter, createRegistry, type Registry, registerProcessMetrics } from '@gatewayz/metrics';
import { createObservability, type Endpoint, type EndpointAnswer } from '@gatewayz/observability';
import { describeError, log } from '../log.ts';
import { GatheredMetrics } from './gathered-metrics.ts';
import { MERGE_RULES } from './merge-rules.ts';
import type { EndpointQuestion } from './worker-message.ts';
import type { WorkerPool } from './worker-pool.ts';

/** The metrics of all workers together. */
export interface MachineMetrics {
  readonly gathered: GatheredMetrics;
  /** What the primary process counts itself. */
  readonly own: Registry;
  /** Ends of workers that nobody asked for. */
  readonly exits: Counter;
  /** Answers `/metrics` or a view for all. Never rejects. */
  answer(question: EndpointQuestion): Promise<EndpointAnswer>;
  close(): void;
}

/** A view that there is not: its answer says so. */
const UNKNOWN: Endpoint = { kind: 'view', pattern: '', view: '', query: new URLSearchParams() };
/** Longer than the wait for workers, and short enough for a scraper. */
const GATHER_DEADLINE_MS = 800;

/** Opens the registry that shows what all workers count, and what answers from it. */
export function openMachineMetrics(config: Config, secrets: Secrets, pool: WorkerPool): MachineMetrics {
  const own = createRegistry({ selfMetrics: false });
  const stopProcessMetrics = registerProcessMetrics(own);
  const exits = showWorkers(own, pool);
  const shown = createRegistry();
  const gathered = new GatheredMetrics({
    shown,
    own,
    rules: MERGE_RULES,
    ask: (worker, round) => pool.sendTo(worker, { kind: 'collect', round }),
  });
  shown.collector('workers', () => gathered.gather(), { deadlineMs: GATHER_DEADLINE_MS });
  const observability = createObservability({
    env: {},
    registry: shown,
    processMetrics: false,
    appName: config.appName,
    token: secrets.metricsToken,
    prometheusUrl: secrets.prometheusUrl,
    prometheusSelector: config.prometheus.selector,
    healthServiceUrl: null,
    monitorIntervalMs: null,
    exceptions: false,
    stages: false,
    onError: (error, place) => log('error', 'the metrics module failed', { place, ...describeError(error) }),
  });
  return {
    gathered,
    own,
    exits,
    async answer({ url, headers }) {
      const { endpoints } = observability;
      return endpoints.answer(endpoints.find('GET', url) ?? UNKNOWN, headers);
    },
    close() {
      stopProcessMetrics();
      observability.close();
    },
  };
}

function showWorkers(own: Registry, pool: WorkerPool): Counter {
  const workers = own.gauge({
    name: 'gatewayz_workers',
    help: 'Worker processes: those that answer, those that hang, and those that are being started.',
    labels: ['state'],
  });
  own.collector('workers', () => {
    for (const [state, count] of Object.entries(pool.counts())) workers.labels({ state }).set(count);
  });
  return own.counter({
    name: 'gatewayz_worker_exits_total',
    help: 'Worker processes that ended without being asked to.',
  });
}
