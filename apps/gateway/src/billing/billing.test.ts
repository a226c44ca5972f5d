import { join } from 'node:path';
import { temporaryFolder } from '@gatewayz/testkit';
import { describe, expect, test, vi } from 'vitest';
import type { Caller } from '../inference/caller.ts';
import { readAll, startExchanges } from '../inference/exchange-fixture.ts';
import { chatEvent, DONE_EVENT } from '../inference/stream-fixture.ts';
import { createDailyUsage } from '../ledger/daily-usage.ts';
import { openLedger } from '../ledger/ledger-stage.ts';
import { openSettlements } from '../ledger/settlements.ts';
import { type Billing, createBilling } from './billing.ts';

const USAGE = '"usage":{"prompt_tokens":1000,"completion_tokens":500}';
const ANSWER = `{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],${USAGE}}`;
const UNREPORTED = '{"choices":[{"message":{"content":"Hello, world!"}}]}';
const ANN = { keyId: 'laptop', userId: 'ann' };
/** 1,000 tokens in and 500 out, at one and two dollars a million. */
const COST_MICRO = 2000;
const PRICES = { large: { inputUsdPerMillion: 1, outputUsdPerMillion: 2 } };

/** A ledger on the disk with a user who has so much credit, and exchanges that are billed there. */
async function openStage(grantedMicro: number, caller: Caller = ANN) {
  const folder = await temporaryFolder();
  const stage = await openLedger(null, folder.path);
  await stage.addUser('ann', { granted_micro: grantedMicro });
  await stage.addKey('laptop', 'ann');
  const settlements = await openSettlements({
    ledger: stage.ledger,
    spoolFile: join(folder.path, 'spool.sqlite'),
    onTrouble: () => {},
  });
  const dailyUsage = createDailyUsage({ database: stage.database, onTrouble: () => {} });
  const errors: unknown[] = [];
  const billing: Billing = createBilling({
    books: { ledger: stage.ledger, settlements, dailyUsage },
    creditsPerUsd: 1,
    defaultOutputTokens: 1024,
    totalMs: 1000,
    epochNow: Date.now,
    onError: (error) => errors.push(error),
  });
  const exchanges = await startExchanges(['only'], { billing }, { caller, prices: PRICES });
  return {
    ...exchanges,
    errors,
    user: () => stage.user('ann'),
    charges: () => stage.rows('ledger'),
    dailyUsage: async () => {
      await dailyUsage.flush();
      return stage.rows('daily_usage');
    },
    reserved: () => stage.rows('reservations'),
    breakLedger: () => stage.database.close(),
    backlog: () => settlements.backlog(),
    async [Symbol.asyncDispose]() {
      await exchanges[Symbol.asyncDispose]();
      await stage.ledger.idle();
      await settlements.close();
      await stage[Symbol.asyncDispose]();
      await folder.dispose();
    },
  };
}

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
    expect(stage.backlog()).toBe(1);
    const second = await stage.ask();
    expect(await readAll(second.client)).toContain('"code":"ledger_unavailable"');
    expect(stage.errors).toHaveLength(1);
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
