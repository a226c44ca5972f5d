import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRegistry, type Registry, respondWithMetrics } from '@gatewayz/metrics';
import {
  createDatabaseMetrics,
  createHttpMetrics,
  createInferenceMetrics,
  createMoneyMetrics,
  createProviderMetrics,
} from '@gatewayz/observability';

/** A backend's registry, served at `/metrics`, and traffic that touches every metric that the views read. */
export interface MeasuredProcess {
  readonly registry: Registry;
  readonly address: string;
  /** The same traffic each time: so many rounds of one request a route, target, table and cache. */
  serve(rounds: number): void;
  /** Sets what nothing sets before: credits, and what a database knows of. */
  setBusiness(): void;
  close(): void;
}

/** A model's name that has everything that must be escaped. */
export const WILD_MODEL = 'vendor/"wild"\\model{a="b"} or vector(1) #';

const TARGETS = [
  ['groq', 'large'],
  ['groq', WILD_MODEL],
  ['local', 'small'],
] as const;

type Touch = (round: number) => void;

/** Starts it on a free loopback port. */
export async function startMeasuredProcess(): Promise<MeasuredProcess> {
  const registry = createRegistry();
  const { touch: touchInference, chargeCredits } = createInferenceTraffic(registry);
  const traffic = [createHttpTraffic(registry), touchInference, createDatabaseTraffic(registry)];
  const server = createServer((_, response) => {
    void respondWithMetrics(registry, {}).then(({ headers, body }) =>
      response.writeHead(200, headers).end(body),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    registry,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve(rounds) {
      for (let round = 1; round <= rounds; round += 1) for (const touch of traffic) touch(round);
    },
    setBusiness() {
      chargeCredits();
      setBusiness(registry);
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Between 1 ms and 40 s, over all magnitudes. */
function secondsOf(round: number, index: number): number {
  return 0.001 * 40_000 ** (((round * 37 + index * 11) % 97) / 97);
}

function createHttpTraffic(registry: Registry): Touch {
  const http = createHttpMetrics(registry, { appName: 'measured' });
  const endpoint = http.endpoint('/v1/chat/completions');
  const routes = [http.route('POST', '/v1/chat/completions'), http.route('GET', '/v1/models')];
  // One that stays in progress.
  routes[0]?.begin();
  return (round) => {
    for (const [index, route] of routes.entries()) {
      route.begin();
      route.end([200, 200, 500, 404, 499][round % 5] ?? 200, secondsOf(round, index), 100, 1000);
    }
    endpoint.overhead(secondsOf(round, 1) / 1000);
    if (round % 10 === 1) http.exception(new RangeError('no'));
  };
}

function createInferenceTraffic(registry: Registry): { readonly touch: Touch; chargeCredits(): void } {
  const inference = createInferenceMetrics(registry);
  const money = createMoneyMetrics(registry);
  const providers = createProviderMetrics(registry);
  const targets = TARGETS.map(([provider, model]) => ({
    provider: providers.provider(provider),
    metrics: inference.target(provider, model),
    pay: money.target(provider, model),
  }));
  const common = { availability: 1, samples: 40 } as const;
  providers.provider('groq').set({ ...common, errorRate: 0.02, score: 0.9, state: 'closed' });
  providers.provider('local').set({ ...common, errorRate: 0.3, score: 0.7, state: 'half_open' });
  providers.provider('gone').set({ ...common, availability: 0, errorRate: 0.8, score: 0.1, state: 'open' });
  return {
    touch(round) {
      for (const [index, { provider, metrics, pay }] of targets.entries()) {
        const seconds = secondsOf(round, index);
        const isFailure = round % 7 === 3;
        (isFailure ? metrics.failed : metrics.succeeded).inc();
        metrics.attempts[isFailure ? 'timeout' : 'success'].inc();
        metrics.duration.observe(seconds);
        metrics.timeToFirstChunk.observe(seconds / 3);
        metrics.inputTokens.inc(20 + index);
        metrics.outputTokens.inc(5 * round);
        pay(0.001 * round);
        provider.responded(seconds);
      }
    },
    chargeCredits() {
      for (const { metrics } of targets) metrics.credits(2);
    },
  };
}

function createDatabaseTraffic(registry: Registry): Touch {
  const database = createDatabaseMetrics(registry);
  const caches = ['warm', 'mild', 'cold'].map((name) => database.cache(name));
  return (round) => {
    database.query({ table: 'users', operation: 'select' }, secondsOf(round, 5) / 20);
    for (const [index, cache] of caches.entries()) {
      if ((round % 4) + index < 3) cache.hit();
      else cache.miss();
    }
  };
}

function setBusiness(registry: Registry): void {
  const keys = registry.gauge({ name: 'active_api_keys', help: 'Keys.', labels: ['status'] });
  keys.labels({ status: 'active' }).set(12);
  keys.labels({ status: 'revoked' }).set(3);
  registry
    .gauge({ name: 'trial_active', help: 'Trials.', labels: ['status'] })
    .labels({ status: 'active' })
    .set(4);
  registry
    .gauge({ name: 'subscription_count', help: 'Subscriptions.', labels: ['plan_type', 'billing_cycle'] })
    .labels({ plan_type: 'pro', billing_cycle: 'monthly' })
    .set(8);
}
