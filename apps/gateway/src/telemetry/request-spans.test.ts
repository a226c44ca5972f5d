import type { Trace } from '@gatewayz/telemetry';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../inference/exchange.ts';
import { type ExchangeStage, readAll, startExchanges } from '../inference/exchange-fixture.ts';
import { notableOf, toRequestSpans } from './request-spans.ts';

const ANSWER =
  '{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5}}';
const TRACE: Trace = {
  traceId: '1'.repeat(32),
  spanId: '2'.repeat(16),
  parentSpanId: '3'.repeat(16),
  isSampled: true,
  tracestate: '',
  baggage: '',
};

/** A request that the providers answer in turn with these statuses. */
async function play(
  stage: ExchangeStage,
  statuses: readonly number[],
  body: string = ANSWER,
): Promise<Exchange> {
  const { client, exchange } = await stage.ask();
  for (const status of statuses) {
    (await stage.call()).answer(status, status === 200 || body !== ANSWER ? body : '{}');
  }
  await readAll(client);
  return exchange;
}

const spansNamed = (exchange: Exchange, start: string) =>
  toRequestSpans(exchange, TRACE).filter(({ name }) => name.startsWith(start));

describe('the spans of a request', () => {
  test('are one below the other: request, inference, attempts', async () => {
    await using stage = await startExchanges(['primary', 'spare']);
    const exchange = await play(stage, [503, 200]);
    const spans = toRequestSpans(exchange, TRACE);
    const [server, inference] = spans;
    expect(spans.map(({ name, kind, parentSpanId }) => [name, kind, parentSpanId])).toEqual([
      ['POST /v1/chat/completions', 'server', TRACE.parentSpanId],
      ['model_inference', 'internal', TRACE.spanId],
      ['attempt primary', 'client', inference?.spanId],
      ['attempt spare', 'client', inference?.spanId],
    ]);
    expect(server?.spanId).toBe(TRACE.spanId);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(4);
    expect(inference?.attributes).toMatchObject({
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 5,
      'gen_ai.response.finish_reasons': ['stop'],
      'gatewayz.attempts': 2,
    });
  });

  test('say in which state of the breaker each attempt was let through, not what became of it', async () => {
    await using stage = await startExchanges(['only']);
    for (let failed = 0; failed < 4; failed += 1) await play(stage, [503]);
    const opening = await play(stage, [503]);
    const leastBad = await play(stage, [200]);
    const stateOf = (exchange: Exchange): readonly unknown[] =>
      spansNamed(exchange, 'attempt').map(({ attributes }) => [
        attributes['gatewayz.breaker_state'],
        attributes['gatewayz.chosen_as'],
      ]);
    expect(stateOf(opening)).toEqual([['closed', 'best']]);
    expect(stateOf(leastBad)).toEqual([['open', 'least_bad']]);
  });

  test("hold no word of a provider's that could be anything", async () => {
    await using stage = await startExchanges(['only']);
    const hostile = '{"choices":[{"message":{"content":"Hi"},"finish_reason":"sk-secret of yours"}]}';
    const [inference] = spansNamed(await play(stage, [200], hostile), 'model_inference');
    expect(inference?.attributes['gen_ai.response.finish_reasons']).toEqual(['other']);
  });

  test("say of a failure what the gateway knows of it, and none of the provider's own words", async () => {
    await using stage = await startExchanges(['only']);
    const said = `{"error":{"message":"sk-secret ${'x'.repeat(20_000)}","type":"sk-secret","code":"sk-secret"}}`;
    const spans = toRequestSpans(await play(stage, [400], said), TRACE);
    const failed = { status: 'error', errorMessage: 'only answered 400' };
    expect(spans.slice(1)).toMatchObject([failed, failed]);
    expect(JSON.stringify(spans)).not.toContain('sk-secret');
    expect(spans[1]?.attributes['gen_ai.response.finish_reasons']).toBeUndefined();
  });

  test('name host and port of the provider, also where the port is not written', async () => {
    await using stage = await startExchanges(['only']);
    const [attempt] = spansNamed(await play(stage, [200]), 'attempt');
    const { hostname, port } = new URL(stage.targets[0]?.provider.config.baseUrl ?? '');
    expect(attempt?.shared?.values['server.address']).toBe(hostname);
    expect(attempt?.shared?.values['server.port']).toBe(Number(port) || 80);
  });
});

describe('what was waited for', () => {
  const times = [{ operation: 'reserve', startMs: 1, endMs: 2 }] as const;

  async function paid(userId: string, dialect: 'sqlite' | 'postgres' | null): Promise<readonly unknown[]> {
    await using stage = await startExchanges(['only'], {}, { caller: { keyId: 'k1', userId } });
    const exchange = await play(stage, [200]);
    exchange.payment.times = times;
    const spans = toRequestSpans(exchange, TRACE, dialect).filter(({ name }) => name.startsWith('ledger'));
    return spans.map(({ name, parentSpanId, startMs, endMs, attributes }) => [
      name,
      parentSpanId,
      [startMs, endMs],
      attributes['db.system.name'],
    ]);
  }

  test('has a span at the ledger for the key of a user, in the name of its database', async () => {
    expect(await paid('u1', 'postgres')).toEqual([['ledger.reserve', TRACE.spanId, [1, 2], 'postgresql']]);
    expect(await paid('u1', 'sqlite')).toMatchObject([{ 3: 'sqlite' }]);
  });

  test('has none where nobody pays', async () => {
    expect(await paid('', 'sqlite')).toEqual([]);
  });
});

test('errors and failovers are notable, and what the caller did is not', async () => {
  await using stage = await startExchanges(['primary', 'spare']);
  expect(notableOf(await play(stage, [200]))).toBeNull();
  expect(notableOf(await play(stage, [400]))).toBeNull();
  expect(notableOf(await play(stage, [503, 200]))).toBe('failover');
  expect(notableOf(await play(stage, [503, 503]))).toBe('error');
});
