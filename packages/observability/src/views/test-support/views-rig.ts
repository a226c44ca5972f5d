import { createRegistry, type Registry } from '@gatewayz/metrics';
import type { StartTimer } from '../../health-poller/start-timer.ts';
import { createHttpMetrics, type HttpMetrics } from '../../http-metrics.ts';
import { createInferenceMetrics, type InferenceMetrics } from '../../inference-metrics.ts';
import { createProviderMetrics, type ProviderMetrics } from '../../provider-metrics.ts';
import type { SummaryPage } from '../render-summary.ts';
import type { ViewResponse } from '../view-response.ts';
import { createViews, type Views } from '../views.ts';
import type { ViewsOptions } from '../views-options.ts';

/** What a rig needs of a manual clock. */
export interface RigClock<Handle> {
  now(): number;
  setTimeout(run: () => void, delayMs: number): Handle;
  clearTimeout(handle: Handle): void;
  advanceAsync(ms: number): Promise<void>;
}

/** Views on a manual clock, over the gateway's own metrics. */
export interface ViewsRig {
  readonly registry: Registry;
  readonly http: HttpMetrics;
  readonly inference: InferenceMetrics;
  readonly providers: ProviderMetrics;
  readonly views: Views;
  readonly errors: readonly unknown[];
  ask(path: string, query?: string): Promise<ViewResponse>;
  text(path: string, query?: string): Promise<string>;
  summary(query?: string): Promise<SummaryPage>;
}

/** Makes views without a Prometheus unless told otherwise, and starts them. */
export async function startViewsRig<Handle>(
  clock: RigClock<Handle>,
  options: Partial<ViewsOptions> = {},
): Promise<ViewsRig> {
  const startTimer: StartTimer = (run, delayMs) => {
    const handle = clock.setTimeout(run, delayMs);
    return () => clock.clearTimeout(handle);
  };
  const registry = createRegistry();
  const errors: unknown[] = [];
  const rig = {
    registry,
    http: createHttpMetrics(registry, { appName: 'test' }),
    inference: createInferenceMetrics(registry),
    providers: createProviderMetrics(registry),
    errors,
  };
  const views = createViews({
    registry,
    prometheus: null,
    now: () => clock.now(),
    epochNow: () => 1_900_000_000_000 + clock.now(),
    startTimer,
    onError: (error) => errors.push(error),
    ...options,
  });
  const ask = (path: string, query = '') => views.respond({ path, query: new URLSearchParams(query) });
  const text = async (path: string, query?: string) => (await ask(path, query)).body.toString();
  views.start();
  // The first sample is taken a metric a turn.
  for (let turn = 0; turn < 40; turn += 1) await clock.advanceAsync(0);
  return {
    ...rig,
    views,
    ask,
    text,
    summary: async (query) => JSON.parse(await text('summary', query)),
  };
}

/** Ends requests of 30 ms on a route. */
export function serveRequests(http: HttpMetrics, count: number, status = 200): void {
  const route = http.route('GET', '/things/:id');
  for (let index = 0; index < count; index += 1) {
    route.begin();
    route.end(status, 0.03, 10, 100);
  }
}
