import type { Registry } from '@gatewayz/metrics';
import { madeOnce } from './made-once.ts';
import type { MetricDefinition } from './metric-definition.ts';

/** Keys, subscriptions, trials and credit. */
const definitions = {
  keys: {
    name: 'active_api_keys',
    type: 'gauge',
    help: 'API keys by status.',
    labels: ['status'],
  },
  keyUsage: {
    name: 'api_key_usage_total',
    type: 'counter',
    help: 'Checks of API keys by what they found.',
    labels: ['status'],
  },
  subscriptions: {
    name: 'subscription_count',
    type: 'gauge',
    help: 'Subscriptions that are active.',
    labels: ['plan_type', 'billing_cycle'],
  },
  trials: {
    name: 'trial_active',
    type: 'gauge',
    help: 'Trials by status.',
    labels: ['status'],
  },
  balance: {
    name: 'user_credit_balance',
    type: 'gauge',
    help: 'Credits that users have left, less what they owe, by plan.',
    labels: ['plan_type'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of the business section, as data. */
export const businessCatalogue: readonly MetricDefinition[] = Object.values(definitions);

/** How the business stands; balances in credits. */
export interface BusinessCounts {
  readonly keys: readonly { readonly status: string; readonly count: number }[];
  readonly subscriptions: readonly {
    readonly planType: string;
    readonly billingCycle: string;
    readonly count: number;
  }[];
  readonly trials: readonly { readonly status: string; readonly count: number }[];
  readonly balances: readonly { readonly planType: string; readonly credits: number }[];
}

/** The business metrics of one application. What has not been counted yet has no series. */
export interface BusinessMetrics {
  /** A key was checked; `status` is one of few fixed words. */
  keyChecked(status: string): void;
  /** Shows these counts, and no group that is not among them. */
  set(counts: BusinessCounts): void;
}

/** Creates the business section of the metric contract on a registry. */
export function createBusinessMetrics(registry: Registry): BusinessMetrics {
  const keys = registry.gauge(definitions.keys);
  const keyUsage = registry.counter(definitions.keyUsage);
  const checks = madeOnce((status: string) => keyUsage.labels({ status }));
  const subscriptions = registry.gauge(definitions.subscriptions);
  const trials = registry.gauge(definitions.trials);
  const balance = registry.gauge(definitions.balance);
  return {
    keyChecked: (status) => checks(status).inc(),
    set(counts) {
      for (const { status, count } of counts.keys) keys.labels({ status }).set(count);
      for (const { status, count } of counts.trials) trials.labels({ status }).set(count);
      subscriptions.clear();
      for (const { planType, billingCycle, count } of counts.subscriptions) {
        subscriptions.labels({ plan_type: planType, billing_cycle: billingCycle }).set(count);
      }
      balance.clear();
      for (const { planType, credits } of counts.balances)
        balance.labels({ plan_type: planType }).set(credits);
    },
  };
}
