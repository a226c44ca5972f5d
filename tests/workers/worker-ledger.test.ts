import { setTimeout as wait } from 'node:timers/promises';
import type { RunningGateway } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { createUser, type UserKey, withKey } from '../ledger/admin.ts';
import { findImbalance, readBooks } from '../ledger/books.ts';
import { numberedProvider, startKillLoad } from '../ledger/kill-load.ts';
import { type LedgerStage, openLedgerStage, PRICES } from '../ledger/ledger-stage.ts';
import { reconcile } from '../ledger/reconcile.ts';
import { allRun, signalWorker, whileStopped } from './worker-stage.ts';

// Three processes start before anything is asked.
vi.setConfig({ testTimeout: 120_000 });

const PAID_FOR = 10;
const OUTPUT_TOKENS = 100;
/** As the gateway bounds a request's input before anybody has counted it. */
const BYTES_PER_TOKEN = 3;
/** Also how long after that a reservation ends that nobody has settled. */
const TOTAL_MS = 1000;

const WORKERS = { GATEWAYZ_WORKERS: '2' };

async function start(stage: LedgerStage): Promise<RunningGateway> {
  const gateway = await stage.start();
  await allRun(gateway);
  return gateway;
}

test('State and money: 1,000 parallel requests on a key with credit for 10 → ten get through over two workers on one SQLite file', async () => {
  const body = chatBody('Hello', { max_tokens: OUTPUT_TOKENS });
  const inputTokens = Math.ceil(JSON.stringify(body).length / BYTES_PER_TOKEN);
  const { inputUsdPerMillion, outputUsdPerMillion } = PRICES.large;
  const costMicro = inputTokens * inputUsdPerMillion + OUTPUT_TOKENS * outputUsdPerMillion;
  const value = { prompt_tokens: inputTokens, completion_tokens: OUTPUT_TOKENS };
  await using stage = await openLedgerStage({
    databaseUrl: null,
    provider: { byDefault: { kind: 'answer', usage: { value } } },
    env: WORKERS,
  });
  const gateway = await start(stage);
  const credit = PAID_FOR * costMicro + costMicro - 1;
  const [atOnce, inTurns] = [
    await createUser(gateway, 'ann', credit),
    await createUser(gateway, 'bob', credit),
  ];
  const spend = async (key: UserKey, times: number): Promise<readonly number[]> => {
    // Over connections of their own, so that both workers get some.
    const headers = { ...withKey(key), connection: 'close' };
    const answers = await Promise.all(Array.from({ length: times }, () => ask(gateway, { body, headers })));
    return answers.map(({ status }) => status);
  };
  const count = (statuses: readonly number[], status: number): number =>
    statuses.filter((one) => one === status).length;

  const all = await spend(atOnce, 1000);
  expect([count(all, 200), count(all, 402)]).toEqual([PAID_FOR, 990]);
  const one = await whileStopped(gateway, 0, () => spend(inTurns, 4));
  const other = await whileStopped(gateway, 1, () => spend(inTurns, 20));
  expect([count(one, 200), count(other, 200), count(other, 402)]).toEqual([4, PAID_FOR - 4, 14]);
  expect(stage.provider.attempts()).toHaveLength(2 * PAID_FOR);

  await gateway.stop();
  const books = await readBooks({ file: stage.sqliteFile });
  expect(findImbalance(books)).toEqual([]);
  expect(books.charges.map(({ creditsMicro }) => creditsMicro)).toEqual(Array(2 * PAID_FOR).fill(costMicro));
});

test('State and money: SIGKILL under load on SQLite → of one of two workers: every receipt is charged once and exactly, and nothing stays reserved', async () => {
  let calls = 0;
  await using stage = await openLedgerStage({
    databaseUrl: null,
    provider: numberedProvider(() => {
      calls += 1;
    }),
    config: { timeouts: { totalMs: TOTAL_MS } },
    env: WORKERS,
  });
  const gateway = await start(stage);
  const keys = [await createUser(gateway, 'ann', 10 ** 12), await createUser(gateway, 'bob', 10 ** 12)];
  const load = startKillLoad(keys, 12, () => calls);
  load.aim(gateway);
  for (const [exits, worker] of [0, 1].entries()) {
    await load.after('receipts', 40);
    await load.after('calls', 3);
    signalWorker(gateway, worker, 'SIGKILL');
    await load.after('receipts', 40);
    await allRun(gateway, 2, exits + 1);
  }
  await load.after('receipts', 40);
  await load.stop();
  // What is still held is given up by the next start, once its time is over.
  await wait(2 * TOTAL_MS + 500);
  await gateway.stop();
  await (await start(stage)).stop();

  const books = await readBooks({ file: stage.sqliteFile });
  expect(reconcile(books, load.receipts, stage.provider.attempts())).toEqual([]);
  expect(load.refusals).toEqual({});
});
