import { inRange, mean, quantile, rate, sum } from '../build/expressions.ts';
import type { DashboardSpec, TablePanel } from '../build/panel-spec.ts';
import { falling, rising, row, series, stacked, stat } from './panels.ts';

const REQUESTS = 'model_inference_requests_total';
const DURATION = 'model_inference_duration_seconds';
const FIRST = 'time_to_first_chunk_seconds';
const BETWEEN = 'gatewayz_time_per_output_chunk_seconds';
const COST = 'gatewayz_api_cost_usd_total';

const successShare = (labels: string): string =>
  `${sum(labels, rate(REQUESTS, { status: 'success' }))} / ${sum(labels, rate(REQUESTS))}`;

const table: TablePanel = {
  kind: 'table',
  title: 'Models in this time range',
  description:
    'Every model and provider that answered: requests, tokens and cost over the time range that is shown.',
  width: 24,
  labels: ['model', 'provider'],
  columns: [
    { legend: 'Requests', unit: 'short', expression: sum('model provider', inRange(REQUESTS)) },
    {
      legend: 'Input tokens',
      unit: 'short',
      expression: sum('model provider', inRange('tokens_used_total', { token_type: 'input' })),
    },
    {
      legend: 'Output tokens',
      unit: 'short',
      expression: sum('model provider', inRange('tokens_used_total', { token_type: 'output' })),
    },
    { legend: 'Cost', unit: 'currencyUSD', expression: sum('model provider', inRange(COST)) },
  ],
};

const usage = row(
  'Usage',
  stat('Requests', 'reqps', 'Requests of clients for the chosen models, a second.', sum('', rate(REQUESTS))),
  stat(
    'Succeeded',
    'percentunit',
    'Share of the requests that ended well, after failover.',
    successShare(''),
    { thresholds: falling(0.95, 0.995) },
  ),
  stat(
    'Tokens',
    'short',
    'Tokens in and out, a second, as the providers report them.',
    sum('', rate('tokens_used_total')),
  ),
  stat('Mean duration', 's', 'Mean time to the end of an answer.', mean(DURATION), {
    thresholds: rising(5, 20),
  }),
  table,
  stacked('Requests by model', 'reqps', 'Requests a second by the model that answered, or failed last.', {
    '{{model}}': sum('model', rate(REQUESTS)),
  }),
  series(
    'Success by model',
    'percentunit',
    'Share of the requests for a model that ended well, after failover.',
    { '{{model}}': successShare('model') },
    { max: 1, thresholds: falling(0.95, 0.995) },
  ),
);

const latency = row(
  'Latency',
  series(
    'Duration',
    's',
    'Quantiles of the time to the end of an answer, failed attempts included.',
    { p50: quantile(0.5, DURATION), p95: quantile(0.95, DURATION), p99: quantile(0.99, DURATION) },
    { min: 0 },
  ),
  series(
    'Duration by model, p95',
    's',
    'Time within which 95% of a model’s answers end.',
    { '{{model}}': quantile(0.95, DURATION, 'model') },
    { min: 0 },
  ),
  series(
    'First chunk by model, p95',
    's',
    'Time within which 95% of a model’s streams begin for the client.',
    { '{{model}}': quantile(0.95, FIRST, 'model') },
    { min: 0, thresholds: rising(2, 5) },
  ),
  series(
    'Between chunks by model, p95',
    's',
    'Mean time between two chunks that 5% of a model’s streams exceed: how fluent a model reads.',
    { '{{model}}': quantile(0.95, BETWEEN, 'model') },
    { min: 0, thresholds: rising(0.1, 0.5) },
  ),
);

const tokens = row(
  'Tokens and cost',
  stacked('Tokens by model', 'short', 'Tokens a second by model and direction.', {
    '{{model}} {{token_type}}': sum('model token_type', rate('tokens_used_total')),
  }),
  series(
    'Tokens a request',
    'short',
    'Tokens of a request on average, in and out.',
    {
      '{{token_type}}': `${sum('token_type', rate('tokens_used_total'))} / on () group_left () ${sum('', rate(REQUESTS, { status: 'success' }))}`,
    },
    { min: 0 },
  ),
  stacked(
    'Cost an hour',
    'currencyUSD',
    'What the requests cost by model, at the speed of now. Only where the price is known.',
    { '{{model}}': `3600 * ${sum('model', rate(COST))}` },
  ),
  series(
    'Cost of a request, p95',
    'currencyUSD',
    'What 95% of the requests cost at most, by model.',
    { '{{model}}': quantile(0.95, 'gatewayz_api_cost_per_request_usd', 'model') },
    { min: 0 },
  ),
);

/** What is asked of which model, how fast it answers, and what that costs. */
export const models: DashboardSpec = {
  name: 'models',
  title: 'Gatewayz / Models',
  description: 'What is asked of which model, how fast it answers, and what that costs.',
  rows: [usage, latency, tokens],
};
