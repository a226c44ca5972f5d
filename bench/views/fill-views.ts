import { createRegistry, type Registry } from '@gatewayz/metrics';
import {
  createHttpMetrics,
  createInferenceMetrics,
  createProviderMetrics,
  type RouteMetrics,
  type TargetMetrics,
} from '@gatewayz/observability';

/** A registry of the gateway's own metrics, and traffic for it. */
export interface FilledRegistry {
  readonly registry: Registry;
  /** One request on every route and at every target. */
  touch(): void;
}

const PROVIDERS = 10;
const ROUTES = 12;
const ENDPOINT = '/v1/chat/completions';

/** Makes a registry of about so many time series, in the proportions of a gateway with many models. */
export function fillViews(series: number): FilledRegistry {
  const registry = createRegistry({ defaultMaxSeries: 10_000 });
  const http = createHttpMetrics(registry, { appName: 'bench' });
  const inference = createInferenceMetrics(registry);
  const providers = createProviderMetrics(registry);
  const routes = Array.from({ length: ROUTES }, (_, index) => http.route('GET', `/route/${index}`));
  const targets: TargetMetrics[] = [];
  for (let left = series; left > 0; ) {
    const name = `provider-${targets.length % PROVIDERS}`;
    const provider = providers.provider(name);
    provider.set({ availability: 1, errorRate: 0.01, score: 0.95, samples: 100, state: 'closed' });
    targets.push(inference.target(name, `vendor/model-${targets.length}-instruct`));
    touchTargets(targets.slice(-1), 0);
    if (targets.length === 1) touchRoutes(routes, 0);
    // Counting is slow: only as often as there can be something to decide.
    if (targets.length % 10 === 0) left = series - countSeries(registry);
  }
  let round = 0;
  return {
    registry,
    touch() {
      round += 1;
      touchRoutes(routes, round);
      touchTargets(targets, round);
    },
  };
}

/** How many time series a registry has. */
export function countSeries(registry: Registry): number {
  return [...registry.samples()].length;
}

function touchRoutes(routes: readonly RouteMetrics[], round: number): void {
  for (const [index, route] of routes.entries()) {
    route.begin();
    route.end(index % 5 === 0 ? 500 : 200, 0.001 * (1 + ((round + index) % 900)), 200, 2000);
  }
}

function touchTargets(targets: readonly TargetMetrics[], round: number): void {
  for (const [index, target] of targets.entries()) {
    const seconds = 0.05 * (1 + ((round + index) % 100));
    target.succeeded.inc();
    target.attempts.success.inc();
    target.duration.observe(seconds);
    target.timeToFirstChunk.observe(seconds / 4);
    target.timePerOutputChunk.observe(seconds / 100);
    target.inputTokens.inc(100);
    target.outputTokens.inc(50);
    const endpoint = target.endpoint(ENDPOINT);
    endpoint.timeToFirstByte.observe(seconds / 5);
    endpoint.streamingDuration.observe(seconds);
  }
}
