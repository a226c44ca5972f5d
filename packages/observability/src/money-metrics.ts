import type { Counter, Gauge, Registry } from '@gatewayz/metrics';
import { madeOnce } from './made-once.ts';
import type { MetricDefinition } from './metric-definition.ts';

const perTarget = ['provider', 'model'] as const;

/** The money section of the metric contract. */
const definitions = {
  costByProvider: {
    name: 'gatewayz_cost_by_provider_total',
    type: 'counter',
    help: 'What the requests cost, in USD, by provider.',
    labels: ['provider'],
  },
  apiCost: {
    name: 'gatewayz_api_cost_usd_total',
    type: 'counter',
    help: 'What the requests cost, in USD, by target.',
    labels: perTarget,
  },
  costPerRequest: {
    name: 'gatewayz_api_cost_per_request_usd',
    type: 'histogram',
    help: 'What a request cost, in USD.',
    labels: perTarget,
    buckets: [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100],
  },
  priceLookups: {
    name: 'gatewayz_price_lookups_total',
    type: 'counter',
    help: 'Searches for the price of a model, by what they found.',
    labels: ['result'],
  },
  creditDeductions: {
    name: 'gatewayz_credit_deduction_total',
    type: 'counter',
    help: 'Deductions from a balance of credits, by how they ended.',
    labels: ['status', 'endpoint', 'is_streaming'],
  },
  ledgerBacklog: {
    name: 'gatewayz_ledger_backlog',
    type: 'gauge',
    help: 'Charges that the ledger could not take yet, kept on this process.',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of the money section, as data. */
export const moneyCatalogue: readonly MetricDefinition[] = Object.values(definitions);

/** How the search for a model's price ended. */
export type PriceLookup = 'exact' | 'alias' | 'missing';

/** A deduction from a balance of credits; `status` and `endpoint` are words of the application, few and fixed. */
export interface CreditDeduction {
  readonly status: string;
  readonly endpoint: string;
  readonly isStreaming: boolean;
}

/** The money metrics of one application. Series appear with the first amount: what is not known costs nothing here. */
export interface MoneyMetrics {
  /** Counts the cost of requests to one target; the caller keeps what it gets. Takes USD, per request. */
  target(provider: string, model: string): (costUsd: number) => void;
  priceLookup(result: PriceLookup): void;
  creditDeduction(deduction: CreditDeduction): void;
  /** Charges that are kept until the ledger takes them. */
  ledgerBacklog(charges: number): void;
}

/** Creates the money section of the metric contract on a registry. */
export function createMoneyMetrics(registry: Registry): MoneyMetrics {
  const costByProvider: Counter<'provider'> = registry.counter(definitions.costByProvider);
  const apiCost = registry.counter(definitions.apiCost);
  const costPerRequest = registry.histogram(definitions.costPerRequest);
  const priceLookups = registry.counter(definitions.priceLookups);
  const creditDeductions = registry.counter(definitions.creditDeductions);
  const lookups = madeOnce((result: PriceLookup) => priceLookups.labels({ result }));
  const deductions = madeOnce((endpoint: string) =>
    madeOnce((status: string) =>
      madeOnce((isStreaming: boolean) =>
        creditDeductions.labels({ status, endpoint, is_streaming: String(isStreaming) }),
      ),
    ),
  );
  let backlog: Gauge | null = null;

  function createTarget(provider: string, model: string): (costUsd: number) => void {
    const ofProvider = costByProvider.labels({ provider });
    const ofTarget = apiCost.labels({ provider, model });
    const perRequest = costPerRequest.labels({ provider, model });
    return (costUsd) => {
      ofProvider.inc(costUsd);
      ofTarget.inc(costUsd);
      perRequest.observe(costUsd);
    };
  }

  return {
    target(provider, model) {
      let count: ((costUsd: number) => void) | null = null;
      return (costUsd) => {
        count ??= createTarget(provider, model);
        count(costUsd);
      };
    },
    priceLookup: (result) => lookups(result).inc(),
    creditDeduction: ({ status, endpoint, isStreaming }) => deductions(endpoint)(status)(isStreaming).inc(),
    ledgerBacklog(charges) {
      backlog ??= registry.gauge(definitions.ledgerBacklog);
      backlog.set(charges);
    },
  };
}
