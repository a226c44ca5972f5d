import { inRange, max, metric, quantile, rate, sum } from '../build/expressions.ts';
import type { DashboardSpec } from '../build/panel-spec.ts';
import { bars, rising, row, series, stacked, stat } from './panels.ts';

const BY_PROVIDER = 'gatewayz_cost_by_provider_total';
const BY_MODEL = 'gatewayz_api_cost_usd_total';
const ANY_MODEL = { model: '*' };
const HOURLY = `3600 * ${sum('', rate(BY_PROVIDER))}`;

const cost = row(
  'Cost',
  stat(
    'In this time range',
    'currencyUSD',
    'What the requests cost, where the price is known.',
    sum('', inRange(BY_PROVIDER)),
  ),
  stat('An hour', 'currencyUSD', 'What an hour costs at the speed of now.', HOURLY),
  stat('A month', 'currencyUSD', 'What 30 days cost at the speed of now.', `720 * ${HOURLY}`),
  stat(
    'A request',
    'currencyUSD',
    'What a request costs on average, where the price is known.',
    `${sum('', rate('gatewayz_api_cost_per_request_usd_sum', ANY_MODEL))} / ${sum('', rate('gatewayz_api_cost_per_request_usd_count', ANY_MODEL))}`,
  ),
  stat(
    'Without a price',
    'percentunit',
    'Share of the searches for a price that found none: their cost is in no figure here.',
    `(${sum('', rate('gatewayz_price_lookups_total', { result: 'missing' }))} or vector(0)) / ${sum('', rate('gatewayz_price_lookups_total'))}`,
    { thresholds: rising(0.01, 0.1) },
  ),
  stacked(
    'Cost an hour by provider',
    'currencyUSD',
    'What an hour costs at the speed of each moment, by provider.',
    { '{{provider}}': `3600 * ${sum('provider', rate(BY_PROVIDER))}` },
  ),
  bars('Cost by model', 'currencyUSD', 'The ten models that cost most in this time range.', {
    '{{model}}': `topk(10, ${sum('model', inRange(BY_MODEL, ANY_MODEL))})`,
  }),
  series(
    'Cost of a request',
    'currencyUSD',
    'Quantiles of what a request costs.',
    {
      p50: quantile(0.5, 'gatewayz_api_cost_per_request_usd', '', ANY_MODEL),
      p95: quantile(0.95, 'gatewayz_api_cost_per_request_usd', '', ANY_MODEL),
    },
    { min: 0 },
  ),
  stacked('Searches for a price', 'ops', 'Searches for the price of a model, by what they found.', {
    '{{result}}': sum('result', rate('gatewayz_price_lookups_total')),
  }),
);

const credits = row(
  'Credits',
  stacked('Credits charged', 'short', 'Credits a second that requests were charged, by model.', {
    '{{model}}': sum('model', rate('credits_used_total', ANY_MODEL)),
  }),
  stacked(
    'Deductions',
    'ops',
    'Deductions from balances by how they ended; what is not “success” has to be looked at.',
    { '{{status}}': sum('status', rate('gatewayz_credit_deduction_total')) },
  ),
  bars('Credits left', 'short', 'Credits that users have left, by plan.', {
    '{{plan_type}}': sum('plan_type', metric('user_credit_balance')),
  }),
  series(
    'Charges kept aside',
    'short',
    'Charges of requests that are answered and not yet in the ledger: what rises here waits for the database, and is not lost.',
    { '{{instance}}': max('instance', metric('gatewayz_ledger_backlog')) },
    { min: 0, thresholds: rising(1, 1000) },
  ),
);

const customers = row(
  'Keys, plans and limits',
  bars(
    'Keys',
    'short',
    'Keys of clients by status.',
    { '{{status}}': sum('status', metric('active_api_keys')) },
    { width: 8 },
  ),
  bars(
    'Subscriptions',
    'short',
    'Subscriptions by plan and billing cycle.',
    { '{{plan_type}} {{billing_cycle}}': sum('plan_type billing_cycle', metric('subscription_count')) },
    { width: 8 },
  ),
  bars(
    'Trials',
    'short',
    'Trials of users by status: active, ended, turned into a plan.',
    { '{{status}}': sum('status', metric('trial_active')) },
    { width: 8 },
  ),
  series(
    'Use of keys',
    'ops',
    'Requests with a key by what was found of it.',
    { '{{status}}': sum('status', rate('api_key_usage_total')) },
    { min: 0, width: 8 },
  ),
  series(
    'Over a limit',
    'ops',
    'Requests refused for a limit, by kind of limit.',
    { '{{limit_type}}': sum('limit_type', rate('rate_limited_requests_total')) },
    { min: 0, width: 8 },
  ),
  series(
    'Over a limit, by endpoint',
    'ops',
    'Requests refused for a limit, by endpoint.',
    { '{{endpoint}}': sum('endpoint', rate('rate_limit_rejections_total')) },
    { min: 0, width: 8 },
  ),
  series(
    'Limits in force',
    'short',
    'The limits that hold for a key, by kind.',
    { '{{limit_type}}': sum('limit_type', metric('current_rate_limit')) },
    { min: 0 },
  ),
);

/** What it costs, and who pays. */
export const money: DashboardSpec = {
  name: 'money',
  title: 'Gatewayz / Money',
  description:
    'What the requests cost, what is charged for them, and the keys, plans and limits of the clients.',
  rows: [cost, credits, customers],
};
