import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import type { QueryEvent } from '@gatewayz/database';
import { type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PATIENCE_MS } from './ledger.ts';
import { charge, type LedgerStage, openLedger, reservation } from './ledger-stage.ts';

const CREDIT = 1_000_000;
/** One request after the other holds this, and costs a hundredth. */
const HELD = 100;

let folder: TemporaryFolder;
let stage: LedgerStage;
let queries: QueryEvent[];

beforeEach(async () => {
  folder = await temporaryFolder();
  queries = [];
  stage = await openLedger(null, folder.path, false, (event) => queries.push(event));
  await stage.addUser('ann', { granted_micro: CREDIT });
  await stage.addKey('laptop', 'ann');
  await stage.addKey('phone', 'ann');
});
afterEach(async () => {
  await stage.ledger.idle();
  await stage[Symbol.asyncDispose]();
  await folder.dispose();
});

const reserved = async (one: LedgerStage = stage): Promise<number> =>
  Number((await one.user('ann'))?.reserved_micro);

/** Requests of one key, each begun when the one before has ended; until there is something held in advance. */
async function beBusy(one: LedgerStage, name: string, amountMicro = HELD): Promise<number> {
  let requests = 0;
  await vi.waitFor(
    async () => {
      for (let index = 0; index < 20; index += 1) {
        const id = `${name}-${requests++}`;
        expect(await one.ledger.reserve(reservation(id, { amountMicro }))).toBe('reserved');
        void one.ledger.settle(charge(id, { creditsMicro: 1 }));
      }
      expect(await reserved(one)).toBeGreaterThan(0);
    },
    { timeout: 10_000, interval: 1 },
  );
  return requests;
}

test('a busy key has credit in advance, and its requests ask the database nothing', async () => {
  await beBusy(stage, 'r');
  queries.length = 0;
  for (let index = 0; index < 10; index += 1) {
    const id = `next-${index}`;
    expect(stage.ledger.reserve(reservation(id, { amountMicro: HELD / 100 }))).toBe('reserved');
    void stage.ledger.settle(charge(id, { creditsMicro: 1 }));
  }
  expect(queries).toEqual([]);
});

test('credit is had in advance also while requests ask for their own', async () => {
  await stage.setUser('ann', { granted_micro: CREDIT * CREDIT });
  const endsAtMs = performance.now() + 4000;
  let isAhead = false;
  const ask = async (name: string): Promise<void> => {
    for (let requests = 0; !isAhead && performance.now() < endsAtMs; requests += 1) {
      const id = `${name}-${requests}`;
      const result = stage.ledger.reserve(reservation(id, { amountMicro: HELD }));
      // What was held is spent as a whole: only credit in advance can be taken at once.
      if (result === 'reserved') isAhead = true;
      expect(await result).toBe('reserved');
      void stage.ledger.settle(charge(id, { creditsMicro: HELD }));
    }
  };
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(ask));
  expect(isAhead).toBe(true);
});

test('what is held in advance is given back when the key is at rest, and at the end', async () => {
  const requests = await beBusy(stage, 'r');
  await vi.waitFor(async () => expect(await stage.rows('reservations')).toEqual([]));
  await stage.ledger.written();
  expect(await reserved()).toBe(0);
  expect(await stage.user('ann')).toMatchObject({ charged_micro: requests });
  await beBusy(stage, 'again');
  await stage.ledger.idle();
  expect(await reserved()).toBe(0);
});

test('a request is not refused for what another key of its user holds in advance', async () => {
  const requests = await beBusy(stage, 'r');
  const left = CREDIT - requests;
  expect(await stage.ledger.reserve(reservation('all', { keyId: 'phone', amountMicro: left }))).toBe(
    'reserved',
  );
  expect(await stage.ledger.reserve(reservation('more', { amountMicro: 1 }))).toBe('no_credit');
});

test('requests one after the other get through as long as there is credit, however much each may cost', async () => {
  const amountMicro = CREDIT * 0.6;
  for (let index = 0; index < 30; index += 1) {
    const id = `r${index}`;
    expect(await stage.ledger.reserve(reservation(id, { amountMicro }))).toBe('reserved');
    void stage.ledger.settle(charge(id, { creditsMicro: 1 }));
  }
});

test('no more than a tenth of what is left is held in advance, and never all that others need', async () => {
  await using other = await openLedger(null, folder.path);
  // Twice as much as it may keep.
  await beBusy(stage, 'r', CREDIT / 5);
  await stage.ledger.written();
  expect(await reserved()).toBeLessThanOrEqual(CREDIT / 10);
  expect(await other.ledger.reserve(reservation('most', { amountMicro: CREDIT * 0.85 }))).toBe('reserved');
  other.ledger.release('most');
});

test('two processes spend together what there is, and not a credit more', async () => {
  await using other = await openLedger(null, folder.path);
  const amountMicro = CREDIT / 200;
  const spend = async (one: LedgerStage, name: string): Promise<number> => {
    for (let requests = 0; ; requests += 1) {
      const id = `${name}-${requests}`;
      if ((await one.ledger.reserve(reservation(id, { amountMicro }))) !== 'reserved') return requests;
      void one.ledger.settle(charge(id, { creditsMicro: amountMicro }));
    }
  };
  const counts = await Promise.all([
    spend(stage, 'a'),
    spend(stage, 'b'),
    spend(other, 'c'),
    spend(other, 'd'),
  ]);
  const spent = counts.reduce((sum, count) => sum + count, 0);
  expect(spent).toBeLessThanOrEqual(200);
  for (const one of [stage, other]) await one.ledger.idle();
  expect(await stage.user('ann')).toMatchObject({ charged_micro: spent * amountMicro, reserved_micro: 0 });
  for (const name of ['e', 'f']) await spend(stage, name);
  await stage.ledger.idle();
  expect(await stage.user('ann')).toMatchObject({ charged_micro: CREDIT, reserved_micro: 0 });
});

test('credit in advance is not used when users or keys have changed', async () => {
  await beBusy(stage, 'r');
  await stage.setUser('ann', { disabled_at_ms: 1 });
  stage.ledger.forget();
  await stage.ledger.written();
  expect(await stage.ledger.reserve(reservation('late', { amountMicro: 1 }))).toBe('unknown_user');
});

test('credit in advance is not used while charges cannot be written', async () => {
  await beBusy(stage, 'r');
  await stage.ledger.written();
  await stage.execute(`create trigger no before insert on ledger begin select raise(abort, 'no'); end`);
  await stage.ledger.reserve(reservation('lost', { amountMicro: 1 }));
  await expect(stage.ledger.settle(charge('lost', { creditsMicro: 1 }))).rejects.toMatchObject({
    code: 'failed',
  });
  const asked = stage.ledger.reserve(reservation('later', { amountMicro: 1 }));
  expect(asked).toBeInstanceOf(Promise);
  expect(await asked).toBe('reserved');
  await stage.execute('drop trigger no');
  await stage.ledger.settle(charge('later', { creditsMicro: 1 }));
  let requests = 0;
  await vi.waitFor(async () => {
    await beBusy(stage, `again-${requests++}`);
    expect(stage.ledger.reserve(reservation(`last-${requests}`, { amountMicro: 1 }))).toBe('reserved');
  });
});

test('portions that the database refuses to change stand in the way of no charge', async () => {
  const requests = await beBusy(stage, 'r');
  await stage.ledger.written();
  expect(await stage.ledger.reserve(reservation('next', { amountMicro: HELD }))).toBe('reserved');
  // As with amounts that somebody has changed by hand, so that they would fall below zero.
  await stage.execute(`create trigger no before update on reservations begin select raise(abort, 'no'); end`);
  await stage.ledger.settle(charge('next', { creditsMicro: 1 }));
  expect(await stage.ledger.reserve(reservation('last', { amountMicro: HELD }))).toBe('reserved');
  await stage.ledger.settle(charge('last', { creditsMicro: 1 }));
  expect(await stage.user('ann')).toMatchObject({ charged_micro: requests + 2 });
});

test('what a failed charge owes stays reserved until it is charged, and charged once', async () => {
  const requests = await beBusy(stage, 'r');
  await stage.ledger.written();
  const owing = charge('owing', { creditsMicro: HELD });
  expect(await stage.ledger.reserve(reservation('owing', { amountMicro: HELD }))).toBe('reserved');
  await stage.execute('alter table ledger rename to hidden');
  await expect(stage.ledger.settle(owing)).rejects.toThrow('ledger');
  await vi.waitFor(async () => expect(await reserved()).toBe(HELD));
  // Longer than spare credit is kept.
  await wait(400);
  expect(await reserved()).toBe(HELD);
  await stage.execute('alter table hidden rename to ledger');
  await stage.ledger.settle(owing);
  await stage.ledger.idle();
  expect(await stage.user('ann')).toMatchObject({ charged_micro: requests + HELD, reserved_micro: 0 });
});

test('while charges fail each request asks the database, whatever else that takes', async () => {
  await stage.execute('alter table ledger rename to hidden');
  expect(await stage.ledger.reserve(reservation('first', { amountMicro: HELD }))).toBe('reserved');
  await expect(stage.ledger.settle(charge('first', { creditsMicro: 1 }))).rejects.toThrow('ledger');
  // What is left of the first is given back, which is a write that succeeds.
  await vi.waitFor(async () => expect(await reserved()).toBe(1));
  expect(await stage.ledger.reserve(reservation('second', { amountMicro: HELD }))).toBe('reserved');
  stage.ledger.release('second');
  expect(stage.ledger.reserve(reservation('third', { amountMicro: HELD }))).toBeInstanceOf(Promise);
  await stage.execute('alter table hidden rename to ledger');
  await stage.ledger.settle(charge('first', { creditsMicro: 1 }));
});

test('what the database does not let go of is not asked for again and again', async () => {
  expect(await stage.ledger.reserve(reservation('first', { amountMicro: HELD }))).toBe('reserved');
  // By hand: giving the reservation back would leave less than nothing reserved.
  await stage.setUser('ann', { reserved_micro: 0 });
  stage.ledger.release('first');
  await vi.waitFor(() => expect(queries.some(({ error }) => error !== null)).toBe(true));
  await stage.ledger.written();
  queries.length = 0;
  await wait(400);
  expect(queries).toEqual([]);
});

test('credit that this process holds is not trusted while the database takes no charge for a second', async () => {
  await beBusy(stage, 'r');
  await stage.ledger.written();
  expect(await stage.ledger.reserve(reservation('slow', { amountMicro: HELD }))).toBe('reserved');
  const blocker = new DatabaseSync(join(folder.path, 'gateway.sqlite'));
  blocker.exec('begin immediate');
  const settled = stage.ledger.settle(charge('slow', { creditsMicro: 1 }));
  await wait(PATIENCE_MS + 200);
  const asked = stage.ledger.reserve(reservation('next', { amountMicro: 1 }));
  blocker.exec('rollback');
  blocker.close();
  expect(asked).toBeInstanceOf(Promise);
  expect(await asked).toBe('reserved');
  await settled;
});
