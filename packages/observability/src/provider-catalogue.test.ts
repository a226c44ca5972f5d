import { createRegistry } from '@gatewayz/metrics';
import { expect, test } from 'vitest';
import { providerCatalogue } from './provider-catalogue.ts';
import { createProviderMetrics } from './provider-metrics.ts';

test('every metric of the catalogue is described, with its type', async () => {
  const registry = createRegistry({ selfMetrics: false });
  createProviderMetrics(registry);
  const lines = (await registry.render()).toString().split('\n');
  expect(lines.filter((line) => line.startsWith('# TYPE'))).toEqual(
    providerCatalogue.map(({ name, type }) => `# TYPE ${name} ${type}`),
  );
});

test('the catalogue is the provider health section of the contract and two metrics of our own', () => {
  expect(providerCatalogue.map(({ name, labels }) => `${name}(${labels.join()})`).sort()).toEqual([
    'circuit_breaker_current_state(provider,state)',
    'circuit_breaker_failures_total(provider,state)',
    'circuit_breaker_rejected_requests_total(provider)',
    'circuit_breaker_state_transitions_total(provider,from_state,to_state)',
    'circuit_breaker_successes_total(provider,state)',
    'gatewayz_circuit_breaker_opens_total(provider,reason)',
    'gatewayz_circuit_breaker_state(provider,state)',
    'gatewayz_least_bad_attempts_total(provider,model)',
    'gatewayz_model_circuit_breaker_state(provider,model,state)',
    'gatewayz_provider_health_score(provider)',
    'gatewayz_provider_window_samples(provider)',
    'gatewayz_providers_degraded()',
    'gatewayz_providers_down()',
    'gatewayz_providers_healthy()',
    'gatewayz_providers_total()',
    'provider_availability(provider)',
    'provider_error_rate(provider)',
    'provider_health_score(provider)',
    'provider_response_time_seconds(provider)',
    'provider_slow_requests_total(provider,model,severity)',
  ]);
});
