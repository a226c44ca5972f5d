import { describe, expect, test, vi } from 'vitest';
import { readAll } from '../inference/exchange-fixture.ts';
import { chatEvent, DONE_EVENT } from '../inference/stream-fixture.ts';
import { ANN, ANSWER, COST_MICRO, chargeFor, openStage, UNREPORTED, USAGE } from './billing-stage.ts';

describe('a request of a user', () => {
  test('is charged what it cost, before its end goes out', async () => {
    await using stage = await openStage(10_000);
    const { client } = await stage.ask();
    const call = await stage.call();
    expect(await stage.reserved()).toHaveLength(1);
    call.answer(200, ANSWER);
    expect(await readAll(client)).toContain('Hi');
    expect(await stage.charges()).toMatchObject([
      { request_id: 'req-1', key_id: 'laptop', provider: 'only', credits_micro: COST_MICRO, is_estimated: 0 },
    ]);
    expect(await stage.user()).toMatchObject({ charged_micro: COST_MICRO, reserved_micro: 0 });
    expect(await stage.metric('gatewayz_api_cost_usd_total{provider="only",model="large"}')).toBe(0.002);
    expect(await stage.metric('credits_used_total{provider="only",model="large"}')).toBe(0.002);
    expect(await stage.metric('gatewayz_price_lookups_total{result="exact"}')).toBe(1);
  });

  test('costs the same streamed, and no [DONE] goes out before it is paid', async () => {
    await using stage = await openStage(10_000);
    const { client } = await stage.ask({ stream: true });
    const call = await stage.call();
    call.begin(200, { 'content-type': 'text/event-stream' });
    call.data(chatEvent('Hi'));
    call.data(`${chatEvent(null, { finish: 'stop' })}data: {"choices":[],${USAGE}}\n\n${DONE_EVENT}`);
    call.end();
    const text = await readAll(client);
    expect(text).toContain('[DONE]');
    expect(await stage.charges()).toMatchObject([{ credits_micro: COST_MICRO, is_streaming: 1 }]);
  });

  test('is 402 without credit, and nobody is called', async () => {
    await using stage = await openStage(1);
    const { client } = await stage.ask();
    const text = await readAll(client);
    expect(text).toMatch(/^HTTP\/1.1 402 /);
    expect(text).toContain('"code":"insufficient_quota"');
    expect(stage.calls).toHaveLength(0);
    expect(await stage.charges()).toEqual([]);
  });

  test('that fails costs nothing, and its reservation ends', async () => {
    await using stage = await openStage(10_000);
    const { client } = await stage.ask();
    (await stage.call()).answer(400, '{}');
    await readAll(client);
    await vi.waitFor(async () => expect(await stage.reserved()).toEqual([]));
    expect(await stage.charges()).toEqual([]);
    expect(await stage.user()).toMatchObject({ charged_micro: 0, reserved_micro: 0 });
  });

  test('whose usage nobody reported is estimated, and said to be', async () => {
    await using stage = await openStage(10_000);
    const { client } = await stage.ask({ messages: [{ role: 'user', content: 'Hello, world!' }] });
    (await stage.call()).answer(200, UNREPORTED);
    await readAll(client);
    const [charge] = await stage.charges();
    expect(charge).toMatchObject({ is_estimated: 1, output_tokens: 4 });
    expect(charge?.input_tokens).toBeGreaterThanOrEqual(4);
  });

  test('whose client leaves in the middle of a stream pays for what it was given', async () => {
    await using stage = await openStage(10_000);
    const { client } = await stage.ask({ stream: true });
    const call = await stage.call();
    call.begin(200, { 'content-type': 'text/event-stream' });
    call.data(chatEvent('Hello') + chatEvent(', world!'));
    await vi.waitFor(() => expect(client.bytesRead).toBeGreaterThan(0));
    client.destroy();
    await vi.waitFor(async () => expect(await stage.charges()).toMatchObject([{ is_estimated: 1 }]));
    await vi.waitFor(async () => expect(await stage.reserved()).toEqual([]));
  });

  test('whose client leaves before the first byte pays nothing', async () => {
    await using stage = await openStage(10_000);
    const { client } = await stage.ask();
    await stage.call();
    client.destroy();
    await vi.waitFor(async () => expect(await stage.reserved()).toEqual([]));
    expect(await stage.charges()).toEqual([]);
  });

  test('is 503 while the ledger is away; one that was under way is answered, and settled later', async () => {
    await using stage = await openStage(10_000);
    const first = await stage.ask();
    const call = await stage.call();
    await stage.breakLedger();
    call.answer(200, ANSWER);
    expect(await readAll(first.client)).toContain('Hi');
    await vi.waitFor(() => expect(stage.backlog()).toBe(1));
    const second = await stage.ask();
    expect(await readAll(second.client)).toContain('"code":"ledger_unavailable"');
    expect(stage.errors).toHaveLength(1);
  });
});

describe('an amount that is larger than can be held', () => {
  const DEAR = { large: { inputUsdPerMillion: 1e6, outputUsdPerMillion: 1e6 } };

  test('is reserved and charged as the largest one', async () => {
    await using stage = await openStage(Number.MAX_SAFE_INTEGER, ANN, { prices: DEAR, creditsPerUsd: 1e9 });
    const charge = await chargeFor(stage, { max_tokens: 1e8, n: 128 }, (call) => call.answer(200, ANSWER));
    expect(charge).toMatchObject({ credits_micro: Math.floor(Number.MAX_SAFE_INTEGER / 1000) });
    expect(stage.errors).toEqual([]);
    expect(stage.backlog()).toBe(0);
  });

  test('is more than there is', async () => {
    await using stage = await openStage(1000, ANN, { prices: DEAR, creditsPerUsd: 1e9 });
    const { client } = await stage.ask({ max_tokens: 1e8, n: 128 });
    expect(await readAll(client)).toMatch(/^HTTP\/1.1 402 /);
  });
});

describe('a model', () => {
  const FREE = { large: { inputUsdPerMillion: 0, outputUsdPerMillion: 0 } };
  const CHEAP = { large: { inputUsdPerMillion: 0.001, outputUsdPerMillion: 0.001 } };

  test('without a price is refused to a user, before anybody is called', async () => {
    await using stage = await openStage(10_000, ANN, { prices: {} });
    const { client } = await stage.ask();
    const text = await readAll(client);
    expect(text).toMatch(/^HTTP\/1.1 402 /);
    expect(text).toContain('"code":"model_unpriced"');
    expect(text).toContain('providers.only.prices, or ledger.unpriced: allow');
    expect(stage.calls).toHaveLength(0);
  });

  test('without a price costs a user nothing where the operator lets it be called', async () => {
    await using stage = await openStage(0, ANN, { prices: {}, unpriced: 'allow' });
    const charge = await chargeFor(stage, {}, (call) => call.answer(200, ANSWER));
    expect(charge).toMatchObject({ credits_micro: 0, cost_micro_usd: null });
  });

  test('without a price is there for keys of the configuration', async () => {
    await using stage = await openStage(0, { keyId: 'configured', userId: '' }, { prices: {} });
    const { client } = await stage.ask();
    (await stage.call()).answer(200, ANSWER);
    expect(await readAll(client)).toContain('Hi');
  });

  test.each([1, 0.000_001])(
    'of the lowest price is not for those who have nothing left, at %d credits to a dollar',
    async (creditsPerUsd) => {
      await using stage = await openStage(0, ANN, { prices: CHEAP, creditsPerUsd });
      const { client } = await stage.ask({ max_tokens: 1 });
      expect(await readAll(client)).toMatch(/^HTTP\/1.1 402 /);
    },
  );

  test('whose price is zero is for everybody', async () => {
    await using stage = await openStage(0, ANN, { prices: FREE });
    const charge = await chargeFor(stage, {}, (call) => call.answer(200, ANSWER));
    expect(charge).toMatchObject({ credits_micro: 0, cost_micro_usd: 0 });
  });
});

test('a request with a key of the configuration is charged to nobody, and summed up by day', async () => {
  await using stage = await openStage(10_000, { keyId: 'configured', userId: '' });
  for (let request = 0; request < 2; request += 1) {
    const { client } = await stage.ask();
    (await stage.call()).answer(200, ANSWER);
    expect(await readAll(client)).toContain('Hi');
  }
  expect(await stage.charges()).toEqual([]);
  expect(await stage.reserved()).toEqual([]);
  expect(await stage.dailyUsage()).toMatchObject([
    {
      key_id: 'configured',
      provider: 'only',
      requests: 2,
      output_tokens: 1000,
      cost_micro_usd: 2 * COST_MICRO,
    },
  ]);
});
