import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Metrics, readMetrics } from '@gatewayz/testkit';
import { candidateCores } from '../http/pinning.ts';
import type { Workbench } from '../http/run-http.ts';
import { freePort, peakMemoryMib, type RunningProcess, startProcess } from '../http/start-process.ts';
import type { JobResult, Loop } from '../load/job.ts';
import type { Books, SignalKind } from './books.ts';

const KEY = 'bench-client-key';
const MAIN = fileURLToPath(new URL('../../apps/gateway/src/main.ts', import.meta.url));

/** What a gateway is told of the sink. */
const ENVIRONMENTS: Readonly<Record<SignalKind, (url: string) => Readonly<Record<string, string>>>> = {
  lines: (url) => ({ LOKI_URL: url }),
  spans: (url) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_SAMPLER: 'always_on' }),
};

/** A real gateway before the upstream of the bench, with one sink. */
export class OutageGateway {
  readonly #bench: Workbench;
  readonly running: RunningProcess;
  readonly #port: number;
  readonly #kind: SignalKind;

  private constructor(bench: Workbench, running: RunningProcess, port: number, kind: SignalKind) {
    this.#bench = bench;
    this.running = running;
    this.#port = port;
    this.#kind = kind;
  }

  static async start(bench: Workbench, kind: SignalKind, name: string, sink: number): Promise<OutageGateway> {
    const { folder, upstreamPort, pinning } = bench;
    const port = await freePort();
    const configPath = join(folder, `${name}.json`);
    const config = {
      server: { host: '127.0.0.1', port },
      auth: { mode: 'keys', keys: [KEY] },
      // Its polls have spans too, and those are no requests.
      healthService: { embedded: false },
      providers: {
        bench: {
          baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
          apiKey: 'bench-provider-key',
          models: ['bench-model'],
          prices: { 'bench-model': { inputUsdPerMillion: 1, outputUsdPerMillion: 2 } },
        },
      },
    };
    writeFileSync(configPath, JSON.stringify(config));
    const running = await startProcess({
      name,
      nodeArguments: [MAIN],
      environment: {
        PORT: String(port),
        HOST: '127.0.0.1',
        GATEWAYZ_CONFIG: configPath,
        GATEWAYZ_DATA_DIR: join(folder, `data-${name}`),
        ...ENVIRONMENTS[kind](`http://127.0.0.1:${sink}`),
      },
      cores: candidateCores(pinning, 1),
      folder,
      port,
    });
    return new OutageGateway(bench, running, port, kind);
  }

  load(loop: Loop, seconds: number): Promise<JobResult> {
    const endpoint = { port: this.#port, headers: { authorization: `Bearer ${KEY}` } };
    return this.#bench.generator.run({ endpoint, stream: false, loop, seconds, pid: this.running.pid });
  }

  /** Stands still until {@link OutageGateway.resume}: what it does beside its requests is not to be on another's bill. */
  pause(): void {
    process.kill(this.running.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.running.pid, 'SIGCONT');
  }

  peakMib(): number {
    return peakMemoryMib(this.running.pid);
  }

  /** What the gateway itself says at this moment. */
  async books(): Promise<Books> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/metrics`, {
      headers: { connection: 'close' },
    });
    return toBooks(readMetrics(await response.text()), this.#kind);
  }
}

function toBooks(metrics: Metrics, kind: SignalKind): Books {
  const requests = metrics.sum('fastapi_requests_total', { path: '/v1/chat/completions' });
  if (kind === 'spans') {
    const [delivered, lost] = ['exported', 'dropped_failed'].map((outcome) =>
      metrics.sum('gatewayz_spans_total', { outcome }),
    );
    const full = metrics.sum('gatewayz_spans_total', { outcome: 'dropped_full' });
    return { requests, delivered: delivered ?? 0, full, lost: lost ?? 0, queued: 0 };
  }
  const lines = (outcome: string): number => metrics.sum('gatewayz_log_lines_total', { outcome });
  return {
    requests,
    delivered: lines('delivered'),
    full: lines('dropped_full'),
    lost: lines('dropped_rejected') + lines('dropped_closed'),
    queued: metrics.sum('loki_log_queue_size'),
  };
}
