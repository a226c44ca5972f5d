import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Registry, respondWithMetrics } from '@gatewayz/metrics';
import { createViews, VIEWS, type ViewName, type Views } from '@gatewayz/observability';
import { type RunningPrometheus, startPrometheus } from '@gatewayz/testkit';
import type { ViewsOptions } from '../options.ts';
import { type Stalled, withStallMeter } from '../registry/stall-meter.ts';
import { median } from '../report/median.ts';
import { countSeries, type FilledRegistry, fillViews } from './fill-views.ts';

/** One view's answers from one source, in milliseconds. */
export interface ViewResult {
  readonly medianMs: number;
  readonly worstMs: number;
  readonly worstStallMs: number;
  readonly bytes: number;
}

/** What the views part measured; a source that could not be had is missing. */
export interface ViewsResults {
  readonly series: number;
  readonly metrics: ViewResult;
  readonly local: ReadonlyMap<ViewName, ViewResult>;
  readonly prometheus: ReadonlyMap<ViewName, ViewResult> | null;
}

const WARM_UP = 5;
const SAMPLES_IN_WINDOW = 'max(count_over_time(fastapi_app_info[5m]))';
/** What the default window of five minutes holds at a scrape every 15 s: rates cost by the sample. */
const USUAL_SAMPLES = 20;
/** Longer than any answer is kept, so that each is made anew. */
const NEXT_ANSWER_MS = 6000;

/** Measures every view over a registry of so many series, from the process itself and from a real Prometheus. */
export async function runViews(options: ViewsOptions, note: (line: string) => void): Promise<ViewsResults> {
  const filled = fillViews(options.series);
  note(`views: ${countSeries(filled.registry)} series`);
  const metrics = await measure(options.rounds, filled.touch, async () => {
    const { body } = await respondWithMetrics(filled.registry, {});
    return body.length;
  });
  const local = await measureViews(filled, null, options.rounds);
  return {
    series: countSeries(filled.registry),
    metrics,
    local,
    prometheus: await measureWithPrometheus(filled, options.rounds, note),
  };
}

async function measureWithPrometheus(
  filled: FilledRegistry,
  rounds: number,
  note: (line: string) => void,
): Promise<ReadonlyMap<ViewName, ViewResult> | null> {
  const target = await serve(filled.registry);
  let prometheus: RunningPrometheus | null = null;
  try {
    prometheus = await startPrometheus({ targets: [target.address], scrapeInterval: '2s' });
    const traffic = setInterval(filled.touch, 500);
    await prometheus.queryUntil(`${SAMPLES_IN_WINDOW} >= ${USUAL_SAMPLES}`, undefined, 90_000);
    clearInterval(traffic);
    const results = await measureViews(filled, prometheus.url, rounds);
    const [samples] = await prometheus.query(SAMPLES_IN_WINDOW);
    note(
      `views: Prometheus had ${USUAL_SAMPLES} samples a series at the start, ${samples?.value} at the end`,
    );
    return results;
  } catch (error) {
    note(`views: not measured with Prometheus: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  } finally {
    await prometheus?.stop();
    target.close();
  }
}

async function serve(registry: Registry): Promise<{ readonly address: string; close(): void }> {
  const server = createServer((_, response) => {
    void respondWithMetrics(registry, {}).then(({ headers, body }) =>
      response.writeHead(200, headers).end(body),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function measureViews(
  filled: FilledRegistry,
  url: string | null,
  rounds: number,
): Promise<ReadonlyMap<ViewName, ViewResult>> {
  let leapMs = 0;
  const views = createViews({
    registry: filled.registry,
    prometheus: url === null ? null : { url },
    now: () => performance.now() + leapMs,
    epochNow: Date.now,
  });
  views.start();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const results = new Map<ViewName, ViewResult>();
  for (const view of VIEWS) {
    const next = (): void => {
      filled.touch();
      leapMs += NEXT_ANSWER_MS;
    };
    results.set(view, await measure(rounds, next, () => askView(views, view, url)));
  }
  views.stop();
  return results;
}

async function askView(views: Views, view: ViewName, url: string | null): Promise<number> {
  const { status, headers, body } = await views.respond({ path: view, query: new URLSearchParams() });
  const expected = view === 'docs' ? undefined : url === null ? 'local' : 'prometheus';
  if (status !== 200 || headers['x-gatewayz-source'] !== expected) {
    throw new Error(
      `${view} answered ${status} from ${headers['x-gatewayz-source']}: ${body.subarray(0, 200)}`,
    );
  }
  return body.length;
}

async function measure(rounds: number, before: () => void, work: () => Promise<number>): Promise<ViewResult> {
  const measured: Stalled[] = [];
  let bytes = 0;
  for (let round = 0; round < WARM_UP + rounds; round += 1) {
    before();
    measured.push(
      await withStallMeter(async () => {
        bytes = await work();
      }),
    );
  }
  const kept = measured.slice(WARM_UP);
  return {
    medianMs: median(kept.map(({ totalMs }) => totalMs)),
    worstMs: Math.max(...kept.map(({ totalMs }) => totalMs)),
    worstStallMs: Math.max(...kept.map(({ stallMs }) => stallMs)),
    bytes,
  };
}
