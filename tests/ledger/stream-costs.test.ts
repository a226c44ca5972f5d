import type { ProviderRequest, RunningGateway, UsageScript } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { randomNumbers } from '../junk.ts';
import { askAdmin, createUser, type UserKey, withKey } from './admin.ts';
import { type Charge, readBooks } from './books.ts';
import { openLedgerStage, PRICES } from './ledger-stage.ts';

const USAGES = 500;
const AT_ONCE = 8;
const MODELS = ['large', 'small', 'unpriced'] as const;

interface Usage {
  readonly model: (typeof MODELS)[number];
  /** Null: the provider does not say. */
  readonly said: Readonly<Record<string, unknown>> | null;
  /** What is billed of it; of no interest where nothing is said. */
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

/** Usages as providers report them: cached, with reasoning among or beside the output, large, empty, or not at all. */
function makeUsages(): readonly Usage[] {
  const random = randomNumbers(500);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  return Array.from({ length: USAGES }, (_, index) => {
    const model = MODELS[index % MODELS.length] ?? 'large';
    const input = upTo(random() < 0.1 ? 40_000 : 3000);
    const cached = random() < 0.4 ? upTo(input) : 0;
    const completion = upTo(2000);
    const reasoning = random() < 0.4 ? upTo(completion) : 0;
    const isApart = reasoning > 0 && random() < 0.5;
    const output = completion + (isApart ? reasoning : 0);
    const said = {
      prompt_tokens: input,
      completion_tokens: completion,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: cached },
      completion_tokens_details: { reasoning_tokens: reasoning },
    };
    return { model, said: index % 10 === 9 ? null : said, input, cached, output };
  });
}

/** In whole micro-USD, half of one rounded up; null where no price is known. */
function costOf({ model, input, cached, output }: Usage): number | null {
  if (model === 'unpriced') return null;
  const price: {
    inputUsdPerMillion: number;
    outputUsdPerMillion: number;
    cachedInputUsdPerMillion?: number;
  } = PRICES[model];
  const hundredths = (usd: number): number => Math.round(usd * 100);
  const inputRate = hundredths(price.inputUsdPerMillion);
  const cachedRate = hundredths(price.cachedInputUsdPerMillion ?? price.inputUsdPerMillion);
  const sum =
    inputRate * (input - cached) + cachedRate * cached + hundredths(price.outputUsdPerMillion) * output;
  return Math.floor((sum + 50) / 100);
}

const NUMBER = /^number (\d+)\b/;

function usageFor({ json }: ProviderRequest, usages: readonly Usage[]): UsageScript {
  const [message] = json.messages as readonly { readonly content: string }[];
  const said = usages[Number(NUMBER.exec(message?.content ?? '')?.[1])]?.said ?? null;
  return said === null ? 'absent' : { value: said };
}

/** Asks for each usage once plain and once as a stream; gives the ids of the requests by number. */
async function askAll(
  gateway: RunningGateway,
  key: UserKey,
  usages: readonly Usage[],
): Promise<ReadonlyMap<number, readonly [plain: string, stream: string]>> {
  const ids = new Map<number, readonly [string, string]>();
  const left = usages.entries();
  const askOne = async (number: number, model: string, more: object): Promise<string> => {
    const body = chatBody(`number ${number} words=${number % 40}`, { model, max_tokens: 4000, ...more });
    const { status, headers, text } = await ask(gateway, { body, headers: withKey(key) });
    expect([number, status, text]).toEqual([number, 200, expect.any(String)]);
    return headers.get('x-request-id') ?? '';
  };
  const work = async (): Promise<void> => {
    for (const [number, { model }] of left) {
      const plain = await askOne(number, model, {});
      ids.set(number, [plain, await askOne(number, model, { stream: true })]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return ids;
}

const usages = makeUsages();

test('500 usages cost the same streamed and plain, to the micro-USD; what has no price is shown as unpriced', async () => {
  await using stage = await openLedgerStage({
    databaseUrl: null,
    provider: {
      keepLog: false,
      byDefault: (request) => ({ kind: 'answer', usage: usageFor(request, usages) }),
    },
  });
  const gateway = await stage.start();
  const key = await createUser(gateway, 'ann', 10 ** 12);
  const ids = await askAll(gateway, key, usages);
  await expectUnpriced(gateway, key);
  await gateway.stop();
  const { charges } = await readBooks({ file: stage.sqliteFile });
  const byId = new Map(charges.map((charge) => [charge.requestId, charge]));
  expect(charges).toHaveLength(2 * USAGES);
  for (const [number, usage] of usages.entries()) {
    const [plain, stream] = (ids.get(number) ?? []).map((id) => byId.get(id));
    expect([number, toBilled(stream)]).toEqual([number, toBilled(plain)]);
    if (usage.said === null) {
      expect([number, plain?.isEstimated]).toEqual([number, true]);
      expect(plain?.inputTokens).toBeGreaterThan(0);
    } else {
      const { input, output } = usage;
      const cost = costOf(usage);
      expect([number, toBilled(plain)]).toEqual([
        number,
        {
          inputTokens: input,
          outputTokens: output,
          costMicroUsd: cost,
          creditsMicro: cost ?? 0,
          isEstimated: false,
        },
      ]);
    }
  }
});

function toBilled(
  charge: Charge | undefined,
): Omit<Charge, 'requestId' | 'userId' | 'keyId' | 'model'> | null {
  if (charge === undefined) return null;
  const { inputTokens, outputTokens, costMicroUsd, creditsMicro, isEstimated } = charge;
  return { inputTokens, outputTokens, costMicroUsd, creditsMicro, isEstimated };
}

/** Everywhere a cost is shown, one that is not known is not 0. */
async function expectUnpriced(gateway: RunningGateway, key: UserKey): Promise<void> {
  const requests = 2 * usages.filter(({ model }) => model === 'unpriced').length;
  const unpriced = { model: 'unpriced', requests, cost_micro_usd: null, unpriced_requests: requests };
  const priced = { unpriced_requests: 0, cost_micro_usd: expect.any(Number) };
  const rows = [{ model: 'large', ...priced }, { model: 'small', ...priced }, unpriced];
  expect(await askAdmin(gateway, 'GET', 'usage?group_by=model')).toMatchObject({ data: rows });
  const own = await ask(gateway, { path: '/v1/usage?group_by=model', headers: withKey(key) });
  expect(own.json).toMatchObject({ data: rows });
  const metrics = await gateway.metrics();
  expect(metrics.sum('gatewayz_price_lookups_total', { result: 'missing' })).toBe(requests);
  expect(metrics.series('gatewayz_api_cost_usd_total', { model: 'unpriced' })).toEqual([]);
}
