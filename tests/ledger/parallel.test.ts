import { startPostgres } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { createUser, withKey } from './admin.ts';
import { findImbalance, readBooks } from './books.ts';
import { openLedgerStage, PRICES } from './ledger-stage.ts';

const REQUESTS = 1000;
const PAID_FOR = 10;
const OUTPUT_TOKENS = 100;
/** As the gateway bounds a request's input before anybody has counted it. */
const BYTES_PER_TOKEN = 3;

async function play(databaseUrl: string | null): Promise<void> {
  const body = chatBody('Hello', { max_tokens: OUTPUT_TOKENS });
  const inputTokens = Math.ceil(JSON.stringify(body).length / BYTES_PER_TOKEN);
  const { inputUsdPerMillion, outputUsdPerMillion } = PRICES.large;
  const costMicro = inputTokens * inputUsdPerMillion + OUTPUT_TOKENS * outputUsdPerMillion;
  const value = { prompt_tokens: inputTokens, completion_tokens: OUTPUT_TOKENS };
  await using stage = await openLedgerStage({
    databaseUrl,
    provider: { byDefault: { kind: 'answer', usage: { value } } },
  });
  const gateway = await stage.start();
  const key = await createUser(gateway, 'ann', PAID_FOR * costMicro + costMicro - 1);
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, () => ask(gateway, { body, headers: withKey(key) })),
  );
  const refused = answers.filter(({ status }) => status === 402);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(PAID_FOR);
  expect(refused).toHaveLength(REQUESTS - PAID_FOR);
  expect(new Set(refused.map(({ error }) => error?.code))).toEqual(new Set(['insufficient_quota']));
  expect(stage.provider.attempts()).toHaveLength(PAID_FOR);
  await gateway.stop();
  const books = await readBooks(databaseUrl === null ? { file: stage.sqliteFile } : { url: databaseUrl });
  expect(findImbalance(books)).toEqual([]);
  expect(books.charges.map(({ creditsMicro }) => creditsMicro)).toEqual(Array(PAID_FOR).fill(costMicro));
}

test('State and money: 1,000 parallel requests on a key with credit for 10 → on SQLite ten get through, and the books are exact', () =>
  play(null));

test('State and money: 1,000 parallel requests on a key with credit for 10 → on Postgres ten get through, and the books are exact', async () => {
  await using postgres = await startPostgres();
  await play(postgres.url);
});
