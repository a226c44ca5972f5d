import type { Config } from '@gatewayz/config';
import { createRetryBudget } from '@gatewayz/provider-health';
import { createBilling } from './billing/billing.ts';
import { createSignals } from './events.ts';
import type { Explanations } from './explanations.ts';
import type { ExchangeRules } from './inference/exchange.ts';
import type { Parts } from './open-parts.ts';
import { createResponseCache } from './response-cache/response-cache.ts';
import { createRouter } from './routing/router.ts';

/** What every request shares: its deadlines and limits, and all that hears of it. */
export function createRules(
  config: Config,
  parts: Parts,
  explanations: Explanations,
  onUnexpected: ExchangeRules['onUnexpected'],
): ExchangeRules {
  const { observability, telemetry, books, redis } = parts;
  const signals = createSignals({
    ...observability.metrics,
    ...telemetry,
    explanations,
    dialect: books?.database.dialect ?? null,
    onUnexpected,
  });
  const kept = observability.cache('responses');
  return {
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
      onDisbelief: ({ provider, metrics }, { inputTokens, outputTokens }) =>
        telemetry.logger.warn(
          'Usage that cannot be true was estimated instead',
          {
            provider: provider.name,
            model: metrics.label,
            input_tokens: inputTokens,
            output_tokens: outputTokens,
          },
          { repeatKey: provider.name },
        ),
    }),
    cache: config.responseCache.enabled
      ? createResponseCache({
          ...config.responseCache,
          redis: redis?.link ?? null,
          now: () => performance.now(),
          onLookUp: (result) => (result === 'hit' ? kept.hit() : kept.miss()),
          onSize: kept.size,
        })
      : null,
    tracing: telemetry.tracing,
    tracesToProviders: config.traces.toProviders,
    signals,
    onUnexpected,
  };
}
