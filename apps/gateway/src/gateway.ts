import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Config, Secrets } from '@gatewayz/config';
import { createLimitMetrics } from '@gatewayz/observability';
import type { FastifyInstance } from 'fastify';
import { requireCallers } from './accounts/caller-check.ts';
import { type ClosingList, openOrClose } from './closing-list.ts';
import { createRules } from './create-rules.ts';
import { createExplanations } from './explanations.ts';
import { addAccountRoutes } from './http/admin/add-account-routes.ts';
import { addAdminRoutes } from './http/admin-routes.ts';
import { createClientKeys } from './http/client-keys.ts';
import { addExplainRoute } from './http/explain-route.ts';
import { addHealthRoutes } from './http/health-routes.ts';
import { addInferenceRoutes } from './http/inference-routes.ts';
import { addModelsRoute } from './http/models-route.ts';
import { addSandboxRoutes } from './http/sandbox-routes.ts';
import { createServer } from './http/server.ts';
import { createLimits, type Limits } from './limits/limits.ts';
import { describeError, log } from './log.ts';
import { openParts, type Parts } from './open-parts.ts';
import { createCatalogue } from './providers/catalogue.ts';
import type { Sandbox } from './sandbox/start-sandbox.ts';
import type { WorkerPlace } from './workers/worker-place.ts';

/** A gateway that can be started once and drained once. */
export interface Gateway {
  /** Opens the port; resolves to the base URL. */
  listen(): Promise<string>;
  /** Readiness goes to 503, the port closes, requests under way may end until the deadline; then all is closed. */
  drain(): Promise<void>;
}

/** How many requests can be explained afterwards. */
const EXPLAINED_REQUESTS = 1000;

/**
 * Builds every part of the gateway from its configuration; nothing is served before `listen`. `place` is its place
 * among workers. Rejects where a part cannot be opened; then nothing is open, nor is the sandbox.
 */
export function createGateway(
  config: Config,
  secrets: Secrets,
  sandbox: Sandbox | null,
  place: WorkerPlace | null = null,
): Promise<Gateway> {
  return openOrClose(async (opened) => {
    opened.add(() => sandbox?.close());
    const parts = await openParts(config, secrets, sandbox !== null, place);
    opened.add(() => parts.close());
    return openServer(config, secrets, sandbox, parts, opened);
  });
}

function openServer(
  config: Config,
  secrets: Secrets,
  sandbox: Sandbox | null,
  parts: Parts,
  opened: ClosingList,
): Gateway {
  const { providers } = parts.watch;
  const catalogue = createCatalogue(providers, config.models, config.modelLists, (provider, error) => {
    log('warn', 'a model list could not be had', { provider, ...describeError(error) });
  });
  const limits = createLimits({
    ofKeys: config.rateLimits.key,
    ofUsers: config.rateLimits.user,
    redis: parts.redis?.link ?? null,
    leaseMs: config.rateLimits.leaseMs,
    now: () => performance.now(),
  });
  opened.add(() => limits.close());
  opened.add(() => catalogue.stop());
  const readiness = { isDraining: false };
  const server = createRoutes({ config, secrets, sandbox, parts, catalogue, limits, readiness });
  // Requests that ended in the last turn are still to be reported when the server has closed.
  opened.add(() => nextTurn());
  opened.add(() => server.close());
  return {
    async listen() {
      const { host, port } = config.server;
      const url = await server.listen({ host, port }).catch(async (error: unknown) => {
        await opened.close();
        throw error;
      });
      catalogue.start();
      parts.start(toLoopbackUrl(url));
      return url;
    },
    async drain() {
      readiness.isDraining = true;
      await wait(config.server.drainDelayMs);
      const deadline = setTimeout(() => server.server.closeAllConnections(), config.server.drainDeadlineMs);
      await opened.close();
      clearTimeout(deadline);
    },
  };
}

interface RoutedParts {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly sandbox: Sandbox | null;
  readonly parts: Parts;
  readonly catalogue: ReturnType<typeof createCatalogue>;
  readonly limits: Limits;
  readonly readiness: { readonly isDraining: boolean };
}

/** The server with every route of the gateway. */
function createRoutes({
  config,
  secrets,
  sandbox,
  parts,
  catalogue,
  limits,
  readiness,
}: RoutedParts): FastifyInstance {
  const { observability, watch, books, accounts } = parts;
  const onUnexpected = (error: unknown, requestId: string): void => {
    observability.exception(error);
    log('error', 'a request failed', { request_id: requestId, ...describeError(error) });
  };
  const explanations = createExplanations(EXPLAINED_REQUESTS);
  const rules = createRules(config, parts, explanations, onUnexpected);
  const server = createServer(config.server, {
    observability,
    onUnexpected,
    tracing: rules.tracing,
    signals: rules.signals,
  });
  requireCallers(server, {
    configured: config.auth === 'open' ? null : createClientKeys(secrets.clientKeys),
    directory: accounts?.directory ?? null,
    onChecked: parts.business.keyChecked,
  });
  const limitMetrics = createLimitMetrics(observability.registry);
  const { requestsPerMinute, tokensPerMinute, concurrency } = config.rateLimits.key;
  limitMetrics.current('requests', requestsPerMinute);
  limitMetrics.current('tokens', tokensPerMinute);
  limitMetrics.current('concurrency', concurrency);
  addHealthRoutes(server, readiness, watch.dashboard);
  addModelsRoute(server, catalogue);
  const { unpriced } = config.ledger;
  addInferenceRoutes(server, { rules, catalogue, limits, unpriced, onLimited: limitMetrics.refused });
  addExplainRoute(server, explanations);
  addAdminRoutes(server, {
    providers: watch.providers,
    dashboard: watch.dashboard,
    token: secrets.adminToken,
  });
  if (books !== null && accounts !== null) {
    addAccountRoutes(server, {
      accounts: accounts.accounts,
      database: books.database,
      ledger: books.ledger,
      epochNow: Date.now,
      token: secrets.adminToken,
    });
  }
  if (sandbox !== null) addSandboxRoutes(server, sandbox);
  return server;
}

/** Where this machine itself finds the gateway, which may listen on all addresses. */
function toLoopbackUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
