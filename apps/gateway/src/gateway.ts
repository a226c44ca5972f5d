import { setTimeout as wait } from 'node:timers/promises';
import { createRegistry, registerProcessMetrics } from '@gatewayz/metrics';
import { createHttpMetrics, createInferenceMetrics } from '@gatewayz/observability';
import type { Config, Secrets } from './config/config.ts';
import { createSignals } from './events.ts';
import { createClientKeys } from './http/client-keys.ts';
import { addHealthRoutes } from './http/health-routes.ts';
import { addInferenceRoutes } from './http/inference-routes.ts';
import { addMetricsRoute } from './http/metrics-route.ts';
import { addModelsRoute } from './http/models-route.ts';
import { addSandboxRoutes } from './http/sandbox-routes.ts';
import { createServer } from './http/server.ts';
import { describeError, log } from './log.ts';
import { createCatalogue } from './providers/catalogue.ts';
import { createProvider } from './providers/provider.ts';
import type { Sandbox } from './sandbox/start-sandbox.ts';

/** A gateway that can be started once and drained once. */
export interface Gateway {
  /** Opens the port; resolves to the base URL. */
  listen(): Promise<string>;
  /** Readiness goes to 503, the port closes, requests under way may end until the deadline; then all is closed. */
  drain(): Promise<void>;
}

/** Builds every part of the gateway from its configuration; nothing runs before `listen`. */
export function createGateway(config: Config, secrets: Secrets, sandbox: Sandbox | null): Gateway {
  const registry = createRegistry();
  const stopProcessMetrics = registerProcessMetrics(registry);
  const httpMetrics = createHttpMetrics(registry, { appName: config.appName });
  const inferenceMetrics = createInferenceMetrics(registry);
  const providers = config.providers.map((provider) =>
    createProvider(
      provider,
      secrets.providerKeys.get(provider.name) ?? null,
      config.timeouts,
      inferenceMetrics,
    ),
  );
  const catalogue = createCatalogue(providers, config.models, config.modelLists, (provider, error) => {
    log('warn', 'a model list could not be had', { provider, ...describeError(error) });
  });
  const readiness = { isDraining: false };

  const server = createServer(config.server, {
    metrics: httpMetrics,
    keys: config.auth === 'open' ? null : createClientKeys(secrets.clientKeys),
    onUnexpected: (error, requestId) =>
      log('error', 'a request failed', { requestId, ...describeError(error) }),
  });
  addHealthRoutes(server, readiness);
  addMetricsRoute(server, registry, secrets.metricsToken);
  addModelsRoute(server, catalogue);
  addInferenceRoutes(
    server,
    {
      timeouts: config.timeouts,
      limits: config.limits,
      retries: config.retries,
      writeTimeoutMs: config.server.writeTimeoutMs,
      signals: createSignals(httpMetrics, inferenceMetrics),
    },
    catalogue,
  );
  if (sandbox !== null) addSandboxRoutes(server, sandbox);

  return {
    async listen() {
      const url = await server.listen({ host: config.server.host, port: config.server.port });
      catalogue.start();
      return url;
    },
    async drain() {
      readiness.isDraining = true;
      await wait(config.server.drainDelayMs);
      const deadline = setTimeout(() => server.server.closeAllConnections(), config.server.drainDeadlineMs);
      await server.close();
      clearTimeout(deadline);
      catalogue.stop();
      stopProcessMetrics();
      await Promise.all(providers.map((provider) => provider.close()));
      await sandbox?.close();
    },
  };
}
