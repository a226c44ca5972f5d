import { setTimeout as wait } from 'node:timers/promises';
import type { RunningGateway } from '@gatewayz/testkit';
import { type RunningPostgres, startPostgres } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../junk.ts';
import { createUser } from './admin.ts';
import { readBooks } from './books.ts';
import { type KillLoad, numberedProvider, startKillLoad } from './kill-load.ts';
import { type LedgerStage, openLedgerStage } from './ledger-stage.ts';
import { reconcile } from './reconcile.ts';

/** `KILLS=300` makes the long run: half of them on each database. */
const LONG_RUN = process.env.KILLS === undefined ? null : Number(process.env.KILLS) / 2;
const KILLS = { sqlite: LONG_RUN ?? 12, postgres: LONG_RUN ?? 8 } as const;
const CLIENTS = 12;
const SEED = Number(process.env.SEED ?? 20_261_122);
/** Also how long after that a reservation ends that nobody has settled. */
const TOTAL_MS = 2000;
const EACH_MS = 20_000;

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

/** A moment while requests are under way: by the clock, when a provider is called, or when an answer has come. */
async function chooseMoment(load: KillLoad, random: () => number): Promise<void> {
  const longest = wait(2000);
  const choice = random();
  if (choice < 0.5) await wait(10 + random() * 500);
  else if (choice < 0.75) await Promise.race([load.after('calls', 1 + Math.floor(random() * 80)), longest]);
  else await Promise.race([load.after('receipts', 1 + Math.floor(random() * 80)), longest]);
}

async function kill(gateway: RunningGateway): Promise<void> {
  gateway.process.kill('SIGKILL');
  await gateway.process.exit;
  await gateway.stop();
}

async function killAgainAndAgain(stage: LedgerStage, kills: number, calls: () => number): Promise<KillLoad> {
  const random = randomNumbers(SEED);
  let gateway = await stage.start();
  const keys = await Promise.all(['ann', 'bob', 'eve'].map((id) => createUser(gateway, id, 10 ** 12)));
  const load = startKillLoad(keys, CLIENTS, calls);
  for (let killed = 0; killed < kills; killed += 1) {
    load.aim(gateway);
    await load.after('receipts', 1);
    await chooseMoment(load, random);
    await kill(gateway);
    load.aim(null);
    gateway = await stage.start();
  }
  await load.stop();
  // What is still held is given up by the next start, once its time is over.
  await wait(2 * TOTAL_MS + 500);
  await gateway.stop();
  await (await stage.start()).stop();
  return load;
}

async function play(dialect: keyof typeof KILLS): Promise<void> {
  let calls = 0;
  const databaseUrl = dialect === 'postgres' ? postgres.url : null;
  await using stage = await openLedgerStage({
    databaseUrl,
    provider: numberedProvider(() => {
      calls += 1;
    }),
    config: { timeouts: { totalMs: TOTAL_MS } },
  });
  const load = await killAgainAndAgain(stage, KILLS[dialect], () => calls);
  const books = await readBooks(databaseUrl === null ? { file: stage.sqliteFile } : { url: databaseUrl });
  const attempts = stage.provider.attempts();
  expect(reconcile(books, load.receipts, attempts)).toEqual([]);
  expect(load.refusals).toEqual({});
  expect(load.receipts.length).toBeGreaterThan(KILLS[dialect]);
  const { receipts } = load;
  const figures = `${KILLS[dialect]} kills, ${load.sent()} sent, ${attempts.length} served, ${receipts.length} receipts`;
  process.stdout.write(`SIGKILL on ${dialect}: ${figures}, ${books.charges.length} charges\n`);
}

test(
  'State and money: SIGKILL under load on SQLite → every receipt is charged once and exactly, and nothing stays reserved',
  { timeout: KILLS.sqlite * EACH_MS + 60_000 },
  () => play('sqlite'),
);

test(
  'State and money: SIGKILL under load on Postgres → every receipt is charged once and exactly, and nothing stays reserved',
  { timeout: KILLS.postgres * EACH_MS + 60_000 },
  () => play('postgres'),
);
