import type { ChaosProxy, RunningGateway, RunningPostgres } from '@gatewayz/testkit';
import { startChaosProxy, startPostgres } from '@gatewayz/testkit';
import { Client } from 'pg';
import { expect, test, vi } from 'vitest';
import { ask } from '../ask.ts';
import { askAdmin, createKey, createUser, type UserKey, withKey } from './admin.ts';
import { readBooks } from './books.ts';
import { numberedProvider, type Receipt } from './kill-load.ts';
import { type LedgerStage, openLedgerStage } from './ledger-stage.ts';
import { askNumber, backlogOf, toReceipt } from './numbered-chat.ts';
import { reconcile } from './reconcile.ts';

const CREDIT = 10 ** 9;
/** Longer than a statement may take, and a spooled charge waits for its next try. */
const PATIENCE = { timeout: 20_000, interval: 100 };

interface Place extends AsyncDisposable {
  readonly postgres: RunningPostgres;
  readonly proxy: ChaosProxy;
  readonly stage: LedgerStage;
  readonly gateway: RunningGateway;
  readonly key: UserKey;
  /** Never shown before the fault. */
  readonly unseen: UserKey;
  /** Resolves when the provider has been asked for this number. */
  called(number: number): Promise<void>;
}

/** Requests from this number on are answered after a time in which a fault can be put in place. */
const SLOW = 900;
const SLOW_MS = 700;

/** A gateway that reaches Postgres by way of a proxy. */
async function openPlace(): Promise<Place> {
  const postgres = await startPostgres();
  const proxy = await startChaosProxy({ target: { host: '127.0.0.1', port: postgres.port } });
  const databaseUrl = postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
  const called = new Set<number>();
  const provider = numberedProvider(
    (number) => called.add(number),
    (number) => (number < SLOW ? 0 : SLOW_MS),
  );
  const stage = await openLedgerStage({ databaseUrl, provider });
  const gateway = await stage.start();
  const key = await createUser(gateway, 'ann', CREDIT);
  const unseen = await createKey(gateway, 'ann');
  return {
    postgres,
    proxy,
    stage,
    gateway,
    key,
    unseen,
    called: (number) => vi.waitFor(() => expect(called).toContain(number), { ...PATIENCE, interval: 5 }),
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]();
      await proxy.close();
      await postgres.stop();
    },
  };
}

/** One request before the fault, one that it strikes under way: both have been answered, and are charged in the end. */
async function strike(place: Place, fault: () => Promise<void> | void): Promise<readonly Receipt[]> {
  const { gateway, key } = place;
  const before = toReceipt(await askNumber(gateway, key, 1), key, 1);
  // What was answered is charged before it is told of users.
  await askAdmin(gateway, 'GET', 'users');
  const underWay = askNumber(gateway, key, SLOW);
  await place.called(SLOW);
  await fault();
  return [before, toReceipt(await underWay, key, SLOW)];
}

/** Nothing begins that cannot be paid for, and a key is let in only where it was read lately. */
async function expectClosed({ gateway, stage, key, unseen }: Place): Promise<void> {
  const asked = stage.provider.attempts().length;
  const refused = await askNumber(gateway, key, 2);
  expect([refused.status, refused.error?.code]).toEqual([503, 'ledger_unavailable']);
  expect(refused.headers.get('retry-after')).not.toBeNull();
  const unknown = await askNumber(gateway, unseen, 3);
  expect([unknown.status, unknown.error?.code]).toEqual([503, 'keys_unavailable']);
  const models = await ask(gateway, { path: '/v1/models', headers: withKey(key) });
  expect(models.status).toBe(200);
  expect(stage.provider.attempts()).toHaveLength(asked);
}

/** The database is back: everything goes on, what was kept aside is settled, and the books agree to the unit. */
async function expectExact(place: Place, receipts: readonly Receipt[]): Promise<void> {
  const { gateway, key, stage, postgres } = place;
  const last = await vi.waitFor(async () => toReceipt(await askNumber(gateway, key, 4), key, 4), PATIENCE);
  await vi.waitFor(async () => expect(await backlogOf(gateway)).toBe(0), PATIENCE);
  await gateway.stop();
  const books = await readBooks({ url: postgres.url });
  expect(reconcile(books, [...receipts, last], stage.provider.attempts())).toEqual([]);
  expect(books.charges).toHaveLength(3);
}

test('State and money: Postgres down → the answer under way is given and charged later; nothing else begins', async () => {
  await using place = await openPlace();
  const { proxy, gateway } = place;
  const receipts = await strike(place, () => {
    proxy.setFault({ refuse: true });
    proxy.dropConnections('reset');
  });
  await vi.waitFor(async () => expect(await backlogOf(gateway)).toBe(1), PATIENCE);
  await expectClosed(place);
  proxy.setFault({});
  await expectExact(place, receipts);
});

test('State and money: Postgres down → what was kept aside outlives a SIGKILL, and is charged by the next process', async () => {
  await using place = await openPlace();
  const { proxy, gateway, stage } = place;
  const receipts = await strike(place, () => {
    proxy.setFault({ refuse: true });
    proxy.dropConnections('reset');
  });
  gateway.process.kill('SIGKILL');
  await gateway.process.exit;
  proxy.setFault({});
  await expectExact({ ...place, gateway: await stage.start() }, receipts);
});

test('State and money: Postgres restarted → the answer under way is given and charged, and all goes on', async () => {
  await using place = await openPlace();
  const receipts = await strike(place, () => place.postgres.restart());
  await expectExact(place, receipts);
});

test('State and money: Postgres slow → nobody waits for it longer than its limits, and what was held up is charged', async () => {
  await using place = await openPlace();
  const receipts = await strike(place, () => place.postgres.pause());
  await vi.waitFor(async () => expect(await backlogOf(place.gateway)).toBe(1), PATIENCE);
  await expectClosed(place);
  place.postgres.resume();
  await expectExact(place, receipts);
});

test('State and money: Postgres pool exhausted → every connection is stuck, and it is as if it were away', async () => {
  await using place = await openPlace();
  const blocker = new Client(place.postgres.url);
  await blocker.connect();
  const receipts = await strike(place, async () => {
    await blocker.query('begin');
    await blocker.query('lock table users, api_keys, ledger in access exclusive mode');
  });
  await vi.waitFor(async () => expect(await backlogOf(place.gateway)).toBe(1), PATIENCE);
  const stuck = Array.from({ length: 8 }, () => askNumber(place.gateway, place.key, 2));
  await expectClosed(place);
  for (const { status } of await Promise.all(stuck)) expect(status).toBe(503);
  await blocker.end();
  await expectExact(place, receipts);
});
