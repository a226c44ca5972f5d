import { createRegistry } from '@gatewayz/metrics';
import { expect, test } from 'vitest';
import { createLimitMetrics } from './limit-metrics.ts';

test('a refusal counts once by its kind and once by its endpoint', () => {
  const registry = createRegistry({ selfMetrics: false });
  const limits = createLimitMetrics(registry);
  const shown = (name: string): unknown => [...registry.samples(name)].map((s) => [s.labels, s.value]);
  limits.refused('tokens', '/v1/embeddings');
  limits.refused('tokens', '/v1/completions');
  expect(shown('rate_limited_requests_total')).toEqual([
    [{ limit_type: 'requests' }, 0],
    [{ limit_type: 'tokens' }, 2],
    [{ limit_type: 'concurrency' }, 0],
  ]);
  expect(shown('rate_limit_rejections_total')).toEqual([
    [{ endpoint: '/v1/embeddings' }, 1],
    [{ endpoint: '/v1/completions' }, 1],
  ]);
});

test('a limit that there is none of is not shown', () => {
  const registry = createRegistry({ selfMetrics: false });
  const limits = createLimitMetrics(registry);
  limits.current('requests', 60);
  limits.current('tokens', null);
  limits.current('concurrency', 4);
  limits.current('concurrency', null);
  expect([...registry.samples('current_rate_limit')]).toMatchObject([
    { labels: { limit_type: 'requests' }, value: 60 },
  ]);
});
