import { current } from './expression.ts';
import type { Definitions } from './view-definition.ts';

// Every process reads these from the same database: added up, each would count once a process.
const shared = { type: 'gauge', unit: 'count', views: ['business'], filters: [] } as const;
const target = ['provider', 'model'] as const;

/** What is known of keys, subscriptions, and what was used. */
export const businessDefinitions: Definitions<
  'apiKeys' | 'subscriptions' | 'trials' | 'tokens' | 'credits' | 'cost'
> = {
  apiKeys: {
    ...shared,
    name: 'gatewayz_api_keys',
    help: 'API keys, by status.',
    labels: ['status'],
    expression: current('max', 'active_api_keys', ['status']),
  },
  subscriptions: {
    ...shared,
    name: 'gatewayz_subscriptions',
    help: 'Subscriptions, by plan and billing cycle.',
    labels: ['plan_type', 'billing_cycle'],
    expression: current('max', 'subscription_count', ['plan_type', 'billing_cycle']),
  },
  trials: {
    ...shared,
    name: 'gatewayz_trials',
    help: 'Trials, by status.',
    labels: ['status'],
    expression: current('max', 'trial_active', ['status']),
  },
  tokens: {
    name: 'gatewayz_tokens_total',
    help: 'Tokens used, by type.',
    type: 'counter',
    unit: 'tokens',
    labels: ['token_type'],
    views: ['business'],
    filters: target,
    expression: current('sum', 'tokens_used_total', ['token_type']),
  },
  credits: {
    name: 'gatewayz_credits_total',
    help: 'Credits charged.',
    type: 'counter',
    unit: 'credits',
    labels: [],
    views: ['business'],
    filters: target,
    expression: current('sum', 'credits_used_total'),
  },
  cost: {
    name: 'gatewayz_cost_usd_total',
    help: 'What the requests cost, in USD, by provider.',
    type: 'counter',
    unit: 'USD',
    labels: ['provider'],
    views: ['business'],
    filters: ['provider'],
    expression: current('sum', 'gatewayz_cost_by_provider_total', ['provider']),
  },
};
