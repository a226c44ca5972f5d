import { businessDefinitions as business } from './business-definitions.ts';
import { average, collapse, current, type Expression, is, plus, rate, share } from './expression.ts';
import { modelDefinitions as models } from './model-definitions.ts';
import { providerDefinitions as providers } from './provider-definitions.ts';
import { systemDefinitions as system } from './system-definitions.ts';
import type { FilterName } from './view-definition.ts';

/** A number of the summary: an expression of one value, and what it is multiplied by in the JSON. */
export interface SummaryField {
  readonly group: 'http' | 'models' | 'providers' | 'database' | 'business';
  readonly field: string;
  readonly expression: Expression;
  readonly scale: number;
  readonly filters: readonly FilterName[];
}

type Source = Pick<SummaryField, 'expression' | 'filters'>;

const MS = 1000;
const PER_MINUTE = 60;
const target = ['provider', 'model'] as const;

const of = (source: Source): Source => ({ expression: source.expression, filters: source.filters });
const totalOf = ({ expression, filters }: Source): Source => ({
  expression: collapse('sum', expression),
  filters,
});
const unfiltered = (expression: Expression): Source => ({ expression, filters: [] });

const hits = rate('cache_hits_total');
const cacheHitRate = share(hits, plus(hits, rate('cache_misses_total')));
const active = [is('status', 'active')];

/** The summary's numbers, in its order: what the views define where they have it, added up. */
export const summaryFields: readonly SummaryField[] = [
  field('http', 'total_requests', totalOf(system.httpRequests)),
  field('http', 'request_rate_per_minute', of(system.httpRate), PER_MINUTE),
  field('http', 'error_rate', of(system.httpErrorRatio)),
  field('http', 'avg_latency_ms', of(system.latencyAverage), MS),
  field('http', 'in_progress', of(system.httpInProgress)),
  field('models', 'total_inference_requests', totalOf(models.requests)),
  field('models', 'tokens_used_total', totalOf(models.tokens)),
  field('models', 'credits_used_total', totalOf(models.credits)),
  field(
    'models',
    'avg_inference_latency_ms',
    { expression: average('model_inference_duration_seconds'), filters: target },
    MS,
  ),
  field('providers', 'total_providers', of(providers.known)),
  field('providers', 'healthy_providers', of(providers.healthy)),
  field('providers', 'degraded_providers', of(providers.degraded)),
  field('providers', 'unavailable_providers', of(providers.unavailable)),
  field('providers', 'avg_error_rate', {
    expression: collapse('avg', providers.errorRatio.expression),
    filters: ['provider'],
  }),
  field(
    'providers',
    'avg_response_time_ms',
    { expression: average('provider_response_time_seconds'), filters: ['provider'] },
    MS,
  ),
  field('database', 'total_queries', unfiltered(current('sum', 'database_queries_total'))),
  field('database', 'avg_query_latency_ms', unfiltered(average('database_query_duration_seconds')), MS),
  field('database', 'cache_hit_rate', unfiltered(cacheHitRate)),
  field('business', 'active_api_keys', unfiltered(current('max', 'active_api_keys', [], active))),
  field('business', 'active_subscriptions', totalOf(business.subscriptions)),
  field('business', 'active_trials', unfiltered(current('max', 'trial_active', [], active))),
  field('business', 'total_tokens_used', totalOf(business.tokens)),
  field('business', 'total_credits_used', of(business.credits)),
];

function field(group: SummaryField['group'], name: string, source: Source, scale = 1): SummaryField {
  return { group, field: name, scale, expression: source.expression, filters: source.filters };
}
