import { describe, expect, test } from 'vitest';
import { readAll, startExchanges } from './inference/exchange-fixture.ts';
import { chatEvent, DONE_EVENT } from './inference/stream-fixture.ts';

const ANSWER = '{"choices":[{"message":{"content":"Hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":5}}';
const ROUTE = '/v1/chat/completions';
const at = (provider: string, more = ''): string => `{provider="${provider}",model="large"${more}}`;

test('a request is counted once, at the target that answered, and each attempt by its outcome', async () => {
  await using stage = await startExchanges(['primary', 'spare']);
  const { client } = await stage.ask();
  (await stage.call()).answer(503, '{}');
  (await stage.call()).answer(200, ANSWER);
  await readAll(client);
  const expected: Record<string, number> = {
    [`gatewayz_attempts_total${at('primary', ',outcome="provider_error"')}`]: 1,
    [`gatewayz_attempts_total${at('spare', ',outcome="success"')}`]: 1,
    [`model_inference_requests_total${at('primary', ',status="error"')}`]: 0,
    [`model_inference_requests_total${at('spare', ',status="success"')}`]: 1,
    [`model_inference_duration_seconds_count${at('spare')}`]: 1,
    [`tokens_used_total${at('spare', ',token_type="input"')}`]: 3,
    [`tokens_used_total${at('spare', ',token_type="output"')}`]: 5,
    [`backend_ttfb_seconds_count${at('spare', `,endpoint="${ROUTE}"`)}`]: 1,
    'gatewayz_failovers_total{model="large",from_provider="primary",to_provider="spare",reason="provider_error"}': 1,
    'circuit_breaker_failures_total{provider="primary",state="closed"}': 1,
    'circuit_breaker_successes_total{provider="spare",state="closed"}': 1,
    'provider_response_time_seconds_count{provider="primary"}': 1,
    [`gatewayz_overhead_seconds_count{endpoint="${ROUTE}"}`]: 1,
    [`frontend_processing_seconds_count{endpoint="${ROUTE}"}`]: 1,
    [`request_stage_duration_seconds_count{stage="backend_response",endpoint="${ROUTE}"}`]: 1,
  };
  for (const [series, value] of Object.entries(expected)) {
    expect([series, await stage.metric(series)]).toEqual([series, value]);
  }
});

describe('a stream', () => {
  const end = (provider: string, how: string): string =>
    `gatewayz_streams_total${at(provider, `,end="${how}"`)}`;

  test('is counted by how it ended, and its times once', async () => {
    await using stage = await startExchanges(['only']);
    const { client } = await stage.ask({ stream: true });
    const call = await stage.call();
    call.begin(200, { 'content-type': 'text/event-stream' });
    call.data(`${chatEvent('a')}data: {oops\n\n${chatEvent('b')}`);
    call.data(chatEvent(null, { finish: 'stop' }) + DONE_EVENT);
    call.end();
    await readAll(client);
    expect(await stage.metric(end('only', 'complete'))).toBe(1);
    expect(await stage.metric(`gatewayz_stream_events_dropped_total${at('only')}`)).toBe(1);
    expect(await stage.metric(`time_to_first_chunk_seconds_count${at('only')}`)).toBe(1);
    expect(await stage.metric(`gatewayz_time_per_output_chunk_seconds_count${at('only')}`)).toBe(1);
  });

  test('that never began is none', async () => {
    await using stage = await startExchanges(['only']);
    const { client } = await stage.ask({ stream: true });
    (await stage.call()).answer(400, '{}');
    await readAll(client);
    for (const how of ['complete', 'continued', 'truncated', 'stalled', 'client_closed']) {
      expect(await stage.metric(end('only', how))).toBe(0);
    }
    expect(await stage.metric(`model_inference_requests_total${at('only', ',status="error"')}`)).toBe(1);
  });
});

test('an open breaker that keeps a target from being called is counted, and so is the least bad', async () => {
  await using stage = await startExchanges(['primary']);
  for (let failed = 0; failed < 5; failed += 1) {
    const { client } = await stage.ask();
    (await stage.call()).answer(503, '{}');
    await readAll(client);
  }
  const { client } = await stage.ask();
  (await stage.call()).answer(200, ANSWER);
  await readAll(client);
  expect(await stage.metric('circuit_breaker_rejected_requests_total{provider="primary"}')).toBe(1);
  expect(await stage.metric(`gatewayz_least_bad_attempts_total${at('primary')}`)).toBe(1);
});

test('a request that no target may answer counts nothing of a target', async () => {
  await using stage = await startExchanges(['only']);
  stage.targets[0]?.provider.health.breaker.forceOpen('', performance.now());
  const { client } = await stage.ask();
  expect(await readAll(client)).toContain('no_target_available');
  expect(await stage.metric(`model_inference_requests_total${at('only', ',status="error"')}`)).toBe(0);
  expect(stage.explanations.find('req-1', 'configured:0')).toMatchObject({
    outcome: 'gateway',
    attempts: [],
  });
});
