import { average, current, is, quantile, rate, share } from './expression.ts';
import type { Definitions } from './view-definition.ts';

const target = ['provider', 'model'] as const;
const shared = { labels: target, views: ['models'], filters: target } as const;

const requests = 'model_inference_requests_total';

/** What is known of inference at each model of each provider. */
export const modelDefinitions: Definitions<
  'requests' | 'requestRate' | 'errorRatio' | 'latencyAverage' | 'latencyP95' | 'tokens' | 'credits' | 'cost'
> = {
  requests: {
    ...shared,
    name: 'gatewayz_model_requests_total',
    help: 'Requests of clients, one each, at the target that answered or failed last.',
    type: 'counter',
    unit: 'requests',
    labels: [...target, 'status'],
    expression: current('sum', requests, [...target, 'status']),
  },
  requestRate: {
    ...shared,
    name: 'gatewayz_model_request_rate',
    help: 'Requests of clients per second over the window.',
    type: 'gauge',
    unit: 'per second',
    expression: rate(requests, target),
  },
  errorRatio: {
    ...shared,
    name: 'gatewayz_model_error_ratio',
    help: 'Share of the requests over the window that failed, 0 to 1.',
    type: 'gauge',
    unit: 'ratio',
    expression: share(rate(requests, target, [is('status', 'error')]), rate(requests, target)),
  },
  latencyAverage: {
    ...shared,
    name: 'gatewayz_model_latency_average_seconds',
    help: 'Mean time from the parsed request to the end of its answer over the window.',
    type: 'gauge',
    unit: 'seconds',
    expression: average('model_inference_duration_seconds', target),
  },
  latencyP95: {
    ...shared,
    name: 'gatewayz_model_latency_p95_seconds',
    help: '95th percentile of the time from the parsed request to the end of its answer over the window.',
    type: 'gauge',
    unit: 'seconds',
    expression: quantile(0.95, 'model_inference_duration_seconds', target),
  },
  tokens: {
    ...shared,
    name: 'gatewayz_model_tokens_total',
    help: 'Tokens as the providers report them.',
    type: 'counter',
    unit: 'tokens',
    labels: [...target, 'token_type'],
    expression: current('sum', 'tokens_used_total', [...target, 'token_type']),
  },
  credits: {
    ...shared,
    name: 'gatewayz_model_credits_total',
    help: 'Credits charged.',
    type: 'counter',
    unit: 'credits',
    expression: current('sum', 'credits_used_total', target),
  },
  cost: {
    ...shared,
    name: 'gatewayz_model_cost_usd_total',
    help: 'What the requests cost, in USD.',
    type: 'counter',
    unit: 'USD',
    expression: current('sum', 'gatewayz_api_cost_usd_total', target),
  },
};
