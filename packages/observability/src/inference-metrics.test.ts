import { createRegistry, type Registry } from '@gatewayz/metrics';
import { OUTCOMES } from '@gatewayz/provider-health';
import { expect, test } from 'vitest';
import { createInferenceMetrics, inferenceCatalogue, STREAM_ENDS } from './inference-metrics.ts';

async function lines(registry: Registry, start: string): Promise<readonly string[]> {
  return (await registry.render())
    .toString()
    .split('\n')
    .filter((line) => line.startsWith(start));
}

test('every metric of the catalogue is described from the first scrape on', async () => {
  const registry = createRegistry({ selfMetrics: false });
  createInferenceMetrics(registry);
  expect([...(await lines(registry, '# TYPE'))].sort()).toEqual(
    inferenceCatalogue.map(({ name, type }) => `# TYPE ${name} ${type}`).sort(),
  );
});

test('a target shows every outcome and every end of a stream from its first use on', async () => {
  const registry = createRegistry({ selfMetrics: false });
  const target = createInferenceMetrics(registry).target('groq', 'small');
  expect(await lines(registry, 'gatewayz_attempts_total')).toEqual(
    OUTCOMES.map(
      (outcome) => `gatewayz_attempts_total{provider="groq",model="small",outcome="${outcome}"} 0.0`,
    ),
  );
  expect(await lines(registry, 'gatewayz_streams_total')).toHaveLength(STREAM_ENDS.length);
  target.attempts.timeout.inc();
  expect(
    await lines(registry, 'gatewayz_attempts_total{provider="groq",model="small",outcome="timeout"}'),
  ).toEqual(['gatewayz_attempts_total{provider="groq",model="small",outcome="timeout"} 1.0']);
});

test('requests, tokens and times are counted each under its own labels', async () => {
  const registry = createRegistry({ selfMetrics: false });
  const target = createInferenceMetrics(registry).target('groq', 'small');
  target.succeeded.inc();
  target.failed.inc(2);
  target.inputTokens.inc(7);
  target.outputTokens.inc(30);
  target.endpoint('/v1/chat/completions').timeToFirstByte.observe(0.2);
  expect(await lines(registry, 'model_inference_requests_total')).toEqual([
    'model_inference_requests_total{provider="groq",model="small",status="success"} 1.0',
    'model_inference_requests_total{provider="groq",model="small",status="error"} 2.0',
  ]);
  expect(await lines(registry, 'tokens_used_total')).toEqual([
    'tokens_used_total{provider="groq",model="small",token_type="input"} 7.0',
    'tokens_used_total{provider="groq",model="small",token_type="output"} 30.0',
  ]);
  expect(await lines(registry, 'backend_ttfb_seconds_sum')).toEqual([
    'backend_ttfb_seconds_sum{provider="groq",model="small",endpoint="/v1/chat/completions"} 0.2',
  ]);
});

test('an endpoint of a target is made once', () => {
  const target = createInferenceMetrics(createRegistry()).target('groq', 'small');
  expect(target.endpoint('/a')).toBe(target.endpoint('/a'));
  expect(target.endpoint('/a')).not.toBe(target.endpoint('/b'));
});

test('a failover names both providers and what made it', async () => {
  const registry = createRegistry({ selfMetrics: false });
  createInferenceMetrics(registry).failedOver('chat', 'groq', 'xai', 'rate_limited');
  expect(await lines(registry, 'gatewayz_failovers_total')).toEqual([
    'gatewayz_failovers_total{model="chat",from_provider="groq",to_provider="xai",reason="rate_limited"} 1.0',
  ]);
});
