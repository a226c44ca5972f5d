import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  answers,
  cutsAt,
  type FakeProviderOptions,
  failsWith,
  freePort,
  mixes,
  noise,
  type RunningGateway,
  type RunningPrometheus,
  repositoryRoot,
  stallsAt,
  startFakeLoki,
  startFakeOtlp,
  startGateway,
  startPrometheus,
  startRedis,
} from '@gatewayz/testkit';
import { RULES_FOLDER } from '../../scripts/dashboards/catalogue/recorded-catalogue.ts';
import { OFTEN, startHealthService, startProviders } from '../health-service/health-stage.ts';
import { createCustomers } from './customers.ts';
import { startTraffic } from './traffic.ts';

const RULE_FILES = ['recording.yml', 'slo.yml'];
const ENVIRONMENT = 'test';
const ADMIN_TOKEN = 'token-of-the-admin-of-this-test';
const CONFIGURED_KEY = 'sk-configured-0123456789abcdef';
const PRICE = { inputUsdPerMillion: 1, outputUsdPerMillion: 2 };
const MODELS = ['large', 'small', 'shaky', 'cut', 'stalling', 'noisy'];

/** What each model meets at each provider; `down` fails always, `limited` refuses always. */
const PROVIDERS = {
  primary: {
    byDefault: mixes([[0.1, failsWith(503)]], answers({ delayBeforeHeadersMs: 20, intervalMs: 5 })),
    models: {
      shaky: failsWith(500),
      cut: cutsAt({ afterEvents: 3 }),
      stalling: stallsAt({ afterEvents: 3 }),
      noisy: answers({ insert: [{ at: 1, raw: noise.malformedJson }] }),
    },
  },
  spare: {
    byDefault: answers({ delayBeforeHeadersMs: 40, intervalMs: 5, prefill: 'accept' }),
    models: { stalling: stallsAt({ afterEvents: 3 }) },
  },
  down: { byDefault: failsWith(503), modelsScript: failsWith(503) },
  limited: { byDefault: failsWith(429, { retryAfter: 1 }) },
} satisfies Readonly<Record<string, FakeProviderOptions>>;

const TARGETS = {
  chat: ['limited/large', 'down/large', 'primary/large', 'spare/large'],
  doomed: ['down/small'],
} as const;

/** The whole product under traffic and faults, and a Prometheus that scrapes it every second. */
export interface DashboardStage extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly prometheus: RunningPrometheus;
  /** Unix seconds since when it is scraped. */
  readonly since: number;
}

function toPrometheusConfig(gatewayPort: number, healthPort: number): string {
  const job = (name: string, port: number): object => ({
    job_name: name,
    static_configs: [{ targets: [`127.0.0.1:${port}`], labels: { env: ENVIRONMENT } }],
  });
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: RULE_FILES,
    scrape_configs: [job(`gatewayz_${ENVIRONMENT}`, gatewayPort), job('health_service', healthPort)],
  });
}

function toGatewayConfig(sections: Readonly<Record<string, object>>): Record<string, unknown> {
  const models = Object.entries(TARGETS).map(([name, targets]) => [
    name,
    {
      targets: targets.map((target) => {
        const [provider, model] = target.split('/');
        return { provider, model };
      }),
    },
  ]);
  return {
    auth: { mode: 'keys', keys: [CONFIGURED_KEY] },
    models: Object.fromEntries(models),
    health: { pollIntervalMs: 1000, monitorIntervalMs: 1000 },
    timeouts: { idleMs: 500 },
    breaker: { consecutiveFailures: 3, openMs: 2000, maxOpenMs: 4000 },
    providers: Object.fromEntries(
      Object.entries(sections).map(([name, section]) => [
        name,
        {
          ...section,
          models: MODELS,
          capabilities: { assistantPrefill: name === 'spare' },
          prices: Object.fromEntries(MODELS.map((model) => [model, PRICE])),
        },
      ]),
    ),
  };
}

/** Starts all of it; the health service comes last, so that the first polls of it fail. */
export async function startDashboardStage(): Promise<DashboardStage> {
  await using stack = new AsyncDisposableStack();
  const healthPort = await freePort();
  const loki = stack.use(await startFakeLoki());
  const collector = stack.use(await startFakeOtlp());
  const redis = stack.use(await startRedis({ args: ['--maxmemory', '64mb'] }));
  const { sections } = stack.use(await startProviders<keyof typeof PROVIDERS>(PROVIDERS, MODELS));
  const gateway = stack.use(
    await startGateway({
      config: toGatewayConfig(sections),
      env: {
        HEALTH_SERVICE_URL: `http://127.0.0.1:${healthPort}`,
        REDIS_URL: redis.url,
        LOKI_URL: loki.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        ADMIN_TOKEN,
      },
    }),
  );
  const rules = RULE_FILES.map(
    (name) => [name, readFileSync(join(repositoryRoot, RULES_FOLDER, name), 'utf8')] as const,
  );
  const since = Date.now() / 1000;
  const prometheus = stack.use(
    await startPrometheus({
      config: toPrometheusConfig(gateway.port, healthPort),
      files: Object.fromEntries(rules),
    }),
  );
  stack.use(
    await startHealthService({
      port: healthPort,
      env: { REDIS_URL: redis.url },
      config: {
        providers: Object.fromEntries(
          Object.entries(sections).map(([name, section]) => [name, { ...section, models: MODELS }]),
        ),
        healthService: { ...OFTEN, backendUrl: gateway.url },
      },
    }),
  );
  stack.use(startTraffic(gateway, await createCustomers(gateway, ADMIN_TOKEN, CONFIGURED_KEY)));
  const parts = stack.move();
  return { gateway, prometheus, since, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
