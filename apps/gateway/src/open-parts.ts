import type { Config, Secrets } from '@gatewayz/config';
import {
  type BusinessMetrics,
  createBusinessMetrics,
  createObservability,
  type Observability,
} from '@gatewayz/observability';
import { type OpenAccounts, openAccounts } from './accounts/open-accounts.ts';
import type { Books } from './billing/open-books.ts';
import { openGatewayBooks } from './billing/open-gateway-books.ts';
import { type ClosingList, openOrClose } from './closing-list.ts';
import { createHealthServiceLink, type HealthServiceLink } from './health-service-link.ts';
import { describeError, log } from './log.ts';
import { createProviderWatch, type ProviderWatch } from './provider-watch.ts';
import { type OpenRedis, openRedis } from './shared-state/open-redis.ts';
import { openTelemetry, type Telemetry } from './telemetry/open-telemetry.ts';
import { showTelemetry } from './telemetry/show-telemetry.ts';
import type { WorkerPlace } from './workers/worker-place.ts';

/** What the gateway stands on: all that is opened before it serves, and closed after. */
export interface Parts {
  readonly observability: Observability;
  readonly business: BusinessMetrics;
  readonly telemetry: Telemetry;
  /** Null where the configuration wants no ledger; then there are no accounts either. */
  readonly books: Books | null;
  readonly accounts: OpenAccounts | null;
  /** Null without a Redis. */
  readonly redis: OpenRedis | null;
  readonly watch: ProviderWatch;
  readonly healthService: HealthServiceLink;
  /** Begins what runs beside the requests; `url` is where the gateway itself can be reached. */
  start(url: string): void;
  close(): Promise<void>;
}

/** How long lines and spans may take to leave when the process ends. */
const TELEMETRY_BUDGET_MS = 3000;

/**
 * Opens the parts of a gateway. Rejects where the database, or the secret that keys are hashed with, is not to be had;
 * then none is open.
 */
export function openParts(
  config: Config,
  secrets: Secrets,
  usesSandbox: boolean,
  place: WorkerPlace | null,
): Promise<Parts> {
  return openOrClose((opened) => openInTurn(config, secrets, usesSandbox, place, opened));
}

async function openInTurn(
  config: Config,
  secrets: Secrets,
  usesSandbox: boolean,
  place: WorkerPlace | null,
  opened: ClosingList,
): Promise<Parts> {
  const telemetry = openTelemetry(config, secrets, place?.number ?? null);
  opened.add(() => telemetry.close(TELEMETRY_BUDGET_MS));
  const ofProcess = createObservability({
    env: {},
    appName: config.appName,
    token: secrets.metricsToken,
    prometheusUrl: secrets.prometheusUrl,
    prometheusSelector: config.prometheus.selector,
    // These the gateway does itself: it knows more of them than can be seen from outside.
    healthServiceUrl: null,
    monitorIntervalMs: null,
    exceptions: false,
    stages: false,
    onError: (error, place) => log('error', 'the metrics module failed', { place, ...describeError(error) }),
  });
  const observability = place?.share(ofProcess) ?? ofProcess;
  const { registry, metrics } = observability;
  showTelemetry(registry, telemetry);
  const business = createBusinessMetrics(registry);
  const books = config.ledger.enabled
    ? await openGatewayBooks(config, secrets, observability, place?.number ?? null)
    : null;
  opened.add(() => books?.close());
  const cache = observability.cache('api_keys');
  const accounts =
    books === null ? null : await openAccounts(books, secrets, config.dataDir, { business, cache });
  opened.add(() => accounts?.stop());
  const redis = secrets.redisUrl === null ? null : openRedis(secrets.redisUrl, registry);
  opened.add(() => redis?.close());
  const watch = createProviderWatch(config, secrets, metrics, redis?.link ?? null, place);
  opened.add(() => watch.close());
  const healthService = createHealthServiceLink(config, registry, usesSandbox, telemetry.tracing);
  opened.add(() => healthService.stop());
  return {
    observability,
    business,
    telemetry,
    books,
    accounts,
    redis,
    watch,
    healthService,
    start(url) {
      accounts?.start();
      redis?.start();
      watch.start();
      const lead = (): void => {
        accounts?.lead();
        void healthService.start(url);
      };
      if (place === null) lead();
      else place.whenLeader(lead);
    },
    close: () => opened.close(),
  };
}
