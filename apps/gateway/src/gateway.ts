import { setTimeout as wait } from 'node:timers/promises';
import type { Config, Secrets } from '@gatewayz/config';
import { createRegistry, registerProcessMetrics } from '@gatewayz/metrics';
import { createHttpMetrics, createInferenceMetrics, createProviderMetrics } from '@gatewayz/observability';
import { createRetryBudget } from '@gatewayz/provider-health';
import { createSignals } from './events.ts';
import { createExplanations } from './explanations.ts';
import { createHealthServiceLink } from './health-service-link.ts';
import { addAdminRoutes } from './http/admin-routes.ts';
import { createClientKeys } from './http/client-keys.ts';
import { addExplainRoute } from './http/explain-route.ts';
import { addHealthRoutes } from './http/health-routes.ts';
import { addInferenceRoutes } from './http/inference-routes.ts';
import { addMetricsRoute } from './http/metrics-route.ts';
import { addModelsRoute } from './http/models-route.ts';
import { addSandboxRoutes } from './http/sandbox-routes.ts';
import { createServer } from './http/server.ts';
import type { ExchangeRules } from './inference/exchange.ts';
import { describeError, log } from './log.ts';
import { createProviderWatch } from './provider-watch.ts';
import { createCatalogue } from './providers/catalogue.ts';
import { createRouter } from './routing/router.ts';
import type { Sandbox } from './sandbox/start-sandbox.ts';

/** A gateway that can be started once and drained once. */
export interface Gateway {
  /** Opens the port; resolves to the base URL. */
  listen(): Promise<string>;
  /** Readiness goes to 503, the port closes, requests under way may end until the deadline; then all is closed. */
  drain(): Promise<void>;
}

/** How many requests can be explained afterwards. */
const EXPLAINED_REQUESTS = 1000;

/** Builds every part of the gateway from its configuration; nothing runs before `listen`. */
export function createGateway(config: Config, secrets: Secrets, sandbox: Sandbox | null): Gateway {
  const registry = createRegistry();
  const stopProcessMetrics = registerProcessMetrics(registry);
  const http = createHttpMetrics(registry, { appName: config.appName });
  const inference = createInferenceMetrics(registry);
  const providerMetrics = createProviderMetrics(registry);

  const { providers, monitor, dashboard } = createProviderWatch(config, secrets, providerMetrics, inference);
  const catalogue = createCatalogue(providers, config.models, config.modelLists, (provider, error) => {
    log('warn', 'a model list could not be had', { provider, ...describeError(error) });
  });
  const explanations = createExplanations(EXPLAINED_REQUESTS);
  const signals = createSignals({ http, inference, providers: providerMetrics, explanations });
  const onUnexpected = (error: unknown, requestId: string): void => {
    http.exception(error);
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
    signals,
    onUnexpected,
  };

  const healthService = createHealthServiceLink(config, registry, sandbox !== null);
  const readiness = { isDraining: false };
  const server = createServer(config.server, {
    metrics: http,
    keys: config.auth === 'open' ? null : createClientKeys(secrets.clientKeys),
    onUnexpected,
  });
  addHealthRoutes(server, readiness, dashboard);
  addMetricsRoute(server, registry, secrets.metricsToken);
  addModelsRoute(server, catalogue);
  addInferenceRoutes(server, rules, catalogue);
  addExplainRoute(server, explanations);
  addAdminRoutes(server, { providers, dashboard, token: secrets.adminToken });
  if (sandbox !== null) addSandboxRoutes(server, sandbox);

  return {
    async listen() {
      monitor.start();
      const url = await server.listen({ host: config.server.host, port: config.server.port });
      catalogue.start();
      void healthService.start(toLoopbackUrl(url));
      return url;
    },
    async drain() {
      readiness.isDraining = true;
      await wait(config.server.drainDelayMs);
      const deadline = setTimeout(() => server.server.closeAllConnections(), config.server.drainDeadlineMs);
      await server.close();
      clearTimeout(deadline);
      catalogue.stop();
      await healthService.stop();
      monitor.stop();
      stopProcessMetrics();
      await Promise.all(providers.map((provider) => provider.close()));
      await sandbox?.close();
    },
  };
}

/** Where this machine itself finds the gateway, which may listen on all addresses. */
function toLoopbackUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
