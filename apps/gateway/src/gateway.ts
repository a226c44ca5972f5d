import { setTimeout as wait } from 'node:timers/promises';
import type { Config, Secrets } from '@gatewayz/config';
import { createBusinessMetrics, createObservability } from '@gatewayz/observability';
import { createRetryBudget } from '@gatewayz/provider-health';
import { requireCallers } from './accounts/caller-check.ts';
import { openAccounts } from './accounts/open-accounts.ts';
import { createBilling } from './billing/billing.ts';
import { openGatewayBooks } from './billing/open-gateway-books.ts';
import { createSignals } from './events.ts';
import { createExplanations } from './explanations.ts';
import { createHealthServiceLink } from './health-service-link.ts';
import { addAccountRoutes } from './http/admin/add-account-routes.ts';
import { addAdminRoutes } from './http/admin-routes.ts';
import { createClientKeys } from './http/client-keys.ts';
import { addExplainRoute } from './http/explain-route.ts';
import { addHealthRoutes } from './http/health-routes.ts';
import { addInferenceRoutes } from './http/inference-routes.ts';
import { addModelsRoute } from './http/models-route.ts';
import { addSandboxRoutes } from './http/sandbox-routes.ts';
import { createServer } from './http/server.ts';
import type { ExchangeRules } from './inference/exchange.ts';
import { describeError, log } from './log.ts';
import { createProviderWatch } from './provider-watch.ts';
import { createCatalogue } from './providers/catalogue.ts';
import { createRouter } from './routing/router.ts';
import type { Sandbox } from './sandbox/start-sandbox.ts';
import { openTelemetry } from './telemetry/open-telemetry.ts';
import { showTelemetry } from './telemetry/show-telemetry.ts';

/** A gateway that can be started once and drained once. */
export interface Gateway {
  /** Opens the port; resolves to the base URL. */
  listen(): Promise<string>;
  /** Readiness goes to 503, the port closes, requests under way may end until the deadline; then all is closed. */
  drain(): Promise<void>;
}

/** How long lines and spans may take to leave when the process ends. */
const TELEMETRY_BUDGET_MS = 3000;
/** How many requests can be explained afterwards. */
const EXPLAINED_REQUESTS = 1000;

/** Builds every part of the gateway from its configuration; nothing runs before `listen`. */
export async function createGateway(
  config: Config,
  secrets: Secrets,
  sandbox: Sandbox | null,
): Promise<Gateway> {
  const observability = createObservability({
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
  const { registry, metrics } = observability;
  const telemetry = openTelemetry(config, secrets);
  showTelemetry(registry, telemetry);

  const books = config.ledger.enabled ? await openGatewayBooks(config, secrets, observability) : null;
  const { providers, monitor, dashboard } = createProviderWatch(config, secrets, metrics);
  const catalogue = createCatalogue(providers, config.models, config.modelLists, (provider, error) => {
    log('warn', 'a model list could not be had', { provider, ...describeError(error) });
  });
  const explanations = createExplanations(EXPLAINED_REQUESTS);
  const signals = createSignals({ ...metrics, ...telemetry, explanations });
  const onUnexpected = (error: unknown, requestId: string): void => {
    observability.exception(error);
    log('error', 'a request failed', { requestId, ...describeError(error) });
  };
  const rules: ExchangeRules = {
    timeouts: config.timeouts,
    limits: config.limits,
    retries: config.retries,
    writeTimeoutMs: config.server.writeTimeoutMs,
    continuation: config.streaming.continuation,
    router: createRouter(config.routing, Math.random, signals.passedOver),
    budget: createRetryBudget({ ratio: config.retries.budgetRatio }),
    billing: createBilling({
      books,
      ...config.ledger,
      totalMs: config.timeouts.totalMs,
      epochNow: Date.now,
      onError: onUnexpected,
    }),
    tracing: telemetry.tracing,
    tracesToProviders: config.traces.toProviders,
    signals,
    onUnexpected,
  };

  const healthService = createHealthServiceLink(config, registry, sandbox !== null);
  const readiness = { isDraining: false };
  const server = createServer(config.server, {
    observability,
    onUnexpected,
  });
  const business = createBusinessMetrics(registry);
  const accounts =
    books === null
      ? null
      : await openAccounts(books, secrets, config.dataDir, {
          business,
          cache: observability.cache('api_keys'),
        });
  requireCallers(server, {
    configured: config.auth === 'open' ? null : createClientKeys(secrets.clientKeys),
    directory: accounts?.directory ?? null,
    onChecked: business.keyChecked,
  });
  addHealthRoutes(server, readiness, dashboard);
  addModelsRoute(server, catalogue);
  addInferenceRoutes(server, rules, catalogue);
  addExplainRoute(server, explanations);
  addAdminRoutes(server, { providers, dashboard, token: secrets.adminToken });
  if (books !== null && accounts !== null) {
    const { database } = books;
    addAccountRoutes(server, {
      accounts: accounts.accounts,
      database,
      epochNow: Date.now,
      token: secrets.adminToken,
    });
  }
  if (sandbox !== null) addSandboxRoutes(server, sandbox);

  async function close(): Promise<void> {
    await server.close();
    catalogue.stop();
    await healthService.stop();
    monitor.stop();
    await Promise.all(providers.map((provider) => provider.close()));
    await accounts?.stop();
    await books?.close();
    await sandbox?.close();
    await telemetry.close(TELEMETRY_BUDGET_MS);
  }
  return {
    async listen() {
      monitor.start();
      const { host, port } = config.server;
      const url = await server.listen({ host, port }).catch(async (error: unknown) => {
        await close();
        throw error;
      });
      catalogue.start();
      accounts?.start();
      void healthService.start(toLoopbackUrl(url));
      return url;
    },
    async drain() {
      readiness.isDraining = true;
      await wait(config.server.drainDelayMs);
      const deadline = setTimeout(() => server.server.closeAllConnections(), config.server.drainDeadlineMs);
      await close();
      clearTimeout(deadline);
    },
  };
}

/** Where this machine itself finds the gateway, which may listen on all addresses. */
function toLoopbackUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
