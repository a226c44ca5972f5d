import {
  type RunningPostgres,
  startPostgres,
  type TemporaryFolder,
  temporaryFolder,
} from '@gatewayz/testkit';
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ledger } from './ledger.ts';
import { charge, type LedgerStage, NOW_MS, openLedger, reservation } from './ledger-stage.ts';

let postgres: RunningPostgres;
let databases = 0;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

async function emptyPostgres(): Promise<string> {
  await using client = Object.assign(new Client(postgres.url), {
    [Symbol.asyncDispose]: () => client.end(),
  });
  await client.connect();
  const name = `ledger_${databases++}`;
  await client.query(`create database ${name}`);
  return postgres.url.replace(/\/postgres$/, `/${name}`);
}

const CREDIT = 1_000_000;

interface Step {
  readonly what: 'reserve' | 'settle' | 'release' | 'expire';
  readonly request: number;
  readonly amount: number;
}

async function take(ledger: Ledger, { what, request, amount }: Step, run: number): Promise<unknown> {
  const id = { requestId: `${run}-${request}`, userId: `user-${run}`, keyId: 'laptop' };
  switch (what) {
    case 'reserve':
      return ledger.reserve(reservation(id.requestId, { ...id, amountMicro: amount }));
    case 'settle':
      return ledger.settle(charge(id.requestId, { ...id, creditsMicro: amount }));
    case 'release':
      return ledger.release(id.requestId);
    case 'expire':
      return ledger.expire(NOW_MS);
    default:
      return what satisfies never;
  }
}

describe.each(['sqlite', 'postgres', 'sqlite alone'] as const)('a ledger on %s', (kind) => {
  const isAlone = kind === 'sqlite alone';
  let folder: TemporaryFolder;
  let stage: LedgerStage;
  let url: string | null;

  beforeEach(async () => {
    folder = await temporaryFolder();
    url = kind === 'postgres' ? await emptyPostgres() : null;
    stage = await openLedger(url, folder.path, isAlone);
    await stage.addUser('ann', { granted_micro: 10 * CREDIT });
    await stage.addKey('laptop', 'ann');
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
    await folder.dispose();
  });

  test('lets exactly ten of a thousand requests at once through where there is credit for ten', async () => {
    const results = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => stage.ledger.reserve(reservation(`r${index}`))),
    );
    expect(results.filter((result) => result === 'reserved')).toHaveLength(10);
    expect(new Set(results)).toEqual(new Set(['reserved', 'no_credit']));
    expect(await stage.user('ann')).toMatchObject({ reserved_micro: 10 * CREDIT });
  });

  if (!isAlone)
    test('what a process reserved that is gone ends with the charge, told by another and twice', async () => {
      {
        await using gone = await openLedger(url, folder.path);
        expect(await gone.ledger.reserve(reservation('r1'))).toBe('reserved');
      }
      await Promise.all([charge('r1'), charge('r1')].map((one) => stage.ledger.settle(one)));
      expect(await stage.user('ann')).toMatchObject({ charged_micro: CREDIT, reserved_micro: 0 });
      expect(await stage.rows('reservations')).toEqual([]);
    });

  if (!isAlone)
    test('two processes on one database let no more through than one', async () => {
      await using other = await openLedger(url, folder.path);
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          (index % 2 === 0 ? stage : other).ledger.reserve(reservation(`r${index}`)),
        ),
      );
      expect(results.filter((result) => result === 'reserved')).toHaveLength(10);
    });

  test('refuses nobody who has credit because of a neighbour who has not', async () => {
    await stage.addUser('bob', { granted_micro: CREDIT });
    const results = await Promise.all([
      stage.ledger.reserve(reservation('too-much', { amountMicro: 11 * CREDIT })),
      stage.ledger.reserve(reservation('fits', { amountMicro: 10 * CREDIT })),
      stage.ledger.reserve(reservation('of-bob', { userId: 'bob', keyId: 'phone' })),
      stage.ledger.reserve(reservation('of-nobody', { userId: 'carol' })),
    ]);
    expect(results).toEqual(['no_credit', 'reserved', 'reserved', 'unknown_user']);
  });

  test("keeps a key to its budget within its user's credit", async () => {
    await stage.addKey('phone', 'ann', { budget_micro: 3 * CREDIT });
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        stage.ledger.reserve(reservation(`p${index}`, { keyId: 'phone' })),
      ),
    );
    expect(results.filter((result) => result === 'reserved')).toHaveLength(3);
    expect(results.filter((result) => result === 'budget_spent')).toHaveLength(5);
    expect(await stage.ledger.reserve(reservation('l1'))).toBe('reserved');
  });

  test('reserves once for each request, and says so again', async () => {
    expect(await stage.ledger.reserve(reservation('r1'))).toBe('reserved');
    const again = ['r1', 'r2', 'r1'].map((id) => stage.ledger.reserve(reservation(id)));
    expect(await Promise.all(again)).toEqual(['reserved', 'reserved', 'reserved']);
    expect(await stage.user('ann')).toMatchObject({ reserved_micro: 2 * CREDIT });
  });

  test('lets nobody through who is disabled', async () => {
    await stage.addUser('bob', { granted_micro: CREDIT, disabled_at_ms: NOW_MS });
    expect(await stage.ledger.reserve(reservation('r', { userId: 'bob' }))).toBe('unknown_user');
  });

  test('State and money: out-of-order settle → a charge before, or without, its reservation counts once', async () => {
    await stage.ledger.settle(charge('r1', { creditsMicro: 3 }));
    expect(await stage.ledger.reserve(reservation('r1'))).toBe('reserved');
    await stage.ledger.settle(charge('r1', { creditsMicro: 4 }));
    expect(await stage.user('ann')).toMatchObject({ charged_micro: 3, reserved_micro: 0 });
    expect(await stage.rows('ledger')).toHaveLength(1);
    expect(await stage.rows('reservations')).toEqual([]);
  });

  test('State and money: duplicate settle → a request is charged once, however often it is told', async () => {
    await stage.ledger.settle(charge('late', { creditsMicro: 3 }));
    await stage.ledger.reserve(reservation('r1'));
    await Promise.all(
      [charge('r1', { creditsMicro: 7 }), charge('r1', { creditsMicro: 8 })].map((one) =>
        stage.ledger.settle(one),
      ),
    );
    await stage.ledger.settle(charge('r1', { creditsMicro: 9 }));
    stage.ledger.release('r1');
    expect(await stage.user('ann')).toMatchObject({ charged_micro: 10, reserved_micro: 0 });
    expect((await stage.rows('api_keys'))[0]).toMatchObject({ charged_micro: 10, reserved_micro: 0 });
    expect(await stage.rows('ledger')).toHaveLength(2);
    expect(await stage.rows('reservations')).toEqual([]);
  });

  test('charges an answer in full that cost more than was reserved; then there is no credit left', async () => {
    expect(await stage.ledger.reserve(reservation('r1', { amountMicro: 10 * CREDIT }))).toBe('reserved');
    await stage.ledger.settle(charge('r1', { creditsMicro: 12 * CREDIT }));
    expect(await stage.user('ann')).toMatchObject({ charged_micro: 12 * CREDIT, reserved_micro: 0 });
    expect(await stage.ledger.reserve(reservation('r2', { amountMicro: 0 }))).toBe('no_credit');
    expect(
      await stage.ledger.grant({ id: 'g', userId: 'ann', kind: 'grant', amountMicro: 3 * CREDIT, atMs: 1 }),
    ).toBe(CREDIT);
    expect(await stage.ledger.reserve(reservation('r3'))).toBe('reserved');
  });

  test('ends reservations that nobody settled; a late charge counts all the same', async () => {
    await stage.ledger.reserve(reservation('r1', { expiresAtMs: NOW_MS + 5 }));
    await stage.ledger.reserve(reservation('r2', { expiresAtMs: NOW_MS + 50 }));
    await stage.ledger.expire(NOW_MS + 5);
    expect(await stage.user('ann')).toMatchObject({ reserved_micro: CREDIT });
    await stage.ledger.settle(charge('r1', { creditsMicro: 4 }));
    expect(await stage.user('ann')).toMatchObject({ charged_micro: 4, reserved_micro: CREDIT });
  });

  test('grants once for each id, takes credits back, and knows who is nobody', async () => {
    const grant = { id: 'g1', userId: 'ann', kind: 'grant', amountMicro: 5, atMs: NOW_MS } as const;
    expect(await stage.ledger.grant(grant)).toBe(10 * CREDIT + 5);
    expect(await stage.ledger.grant(grant)).toBe(10 * CREDIT + 5);
    const taken = { ...grant, id: 'a1', kind: 'adjust', amountMicro: -6 } as const;
    expect(await stage.ledger.grant(taken)).toBe(10 * CREDIT - 1);
    expect(await stage.ledger.grant({ ...grant, id: 'g2', userId: 'carol' })).toBeNull();
    expect(await stage.rows('ledger')).toHaveLength(2);
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 60])('takes %d for no amount', async (amount) => {
    const refused = { code: 'invalid' };
    await expect(stage.ledger.reserve(reservation('r', { amountMicro: amount }))).rejects.toMatchObject(
      refused,
    );
    await expect(stage.ledger.settle(charge('r', { creditsMicro: amount }))).rejects.toMatchObject(refused);
  });

  test('writes what comes together with a charge that cannot be written', async () => {
    const poison = charge('bad', { provider: undefined as unknown as string });
    const unwritable = charge('worse', { keyId: undefined as unknown as string });
    const results = await Promise.allSettled(
      [charge('r1'), poison, unwritable, charge('r2')].map((one) => stage.ledger.settle(one)),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect((await stage.rows('ledger')).map(({ request_id: id }) => id).toSorted()).toEqual(['r1', 'r2']);
  });

  test('is in balance after any mixture of what can happen', async () => {
    const step = fc.record({
      what: fc.constantFrom('reserve' as const, 'settle' as const, 'release' as const, 'expire' as const),
      request: fc.nat({ max: 12 }),
      amount: fc.nat({ max: 4 * CREDIT }),
      turn: fc.boolean(),
    });
    let runs = 0;
    const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      runs += 1;
      const user = `user-${runs}`;
      await stage.addUser(user, { granted_micro: 10 * CREDIT });
      const under: Promise<unknown>[] = [];
      for (const step of steps) {
        under.push(take(stage.ledger, step, runs));
        if (step.turn) await under.at(-1);
      }
      await Promise.all(under);
      const sum = (rows: readonly Record<string, unknown>[], column: string): number =>
        rows
          .filter(({ user_id: owner }) => owner === user)
          .reduce((total, row) => total + Number(row[column]), 0);
      const row = await stage.user(user);
      expect(row?.charged_micro).toBe(sum(await stage.rows('ledger'), 'credits_micro'));
      if (!isAlone) expect(row?.reserved_micro).toBe(sum(await stage.rows('reservations'), 'amount_micro'));
      await stage.ledger.expire(Number.MAX_SAFE_INTEGER);
      expect(await stage.user(user)).toMatchObject({ reserved_micro: 0 });
    });
    await fc.assert(property, { numRuns: 25 });
  });
});

describe('a ledger that has its database alone', () => {
  test('asks the database nothing where it knows what there is, until somebody else has written', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openLedger(null, folder.path, true);
    await stage.addUser('ann', { granted_micro: 2 * CREDIT });
    await stage.addKey('laptop', 'ann');
    const { ledger } = stage;
    expect(ledger.reserve(reservation('r1'))).toBeInstanceOf(Promise);
    expect(await ledger.reserve(reservation('r1'))).toBe('reserved');
    expect(ledger.reserve(reservation('r2'))).toBe('reserved');
    expect(ledger.reserve(reservation('r3'))).toBe('no_credit');
    await ledger.settle(charge('r1', { creditsMicro: CREDIT / 2 }));
    expect(ledger.reserve(reservation('r3', { amountMicro: CREDIT / 2 }))).toBe('reserved');
    expect(ledger.reserve(reservation('r4', { amountMicro: 1 }))).toBe('no_credit');
    await stage.setUser('ann', { disabled_at_ms: NOW_MS });
    ledger.forget();
    expect(await ledger.reserve(reservation('r5', { amountMicro: 0 }))).toBe('unknown_user');
  });

  afterEach(() => vi.useRealTimers());

  test('reserves nothing after a charge that could not be written, until the database takes one again', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openLedger(null, folder.path, true);
    await stage.addUser('ann', { granted_micro: 3 * CREDIT });
    await stage.addKey('laptop', 'ann');
    const { ledger } = stage;
    expect(await ledger.reserve(reservation('r1'))).toBe('reserved');
    for (const [name, event] of [
      ['charges', 'insert on ledger'],
      ['owners', 'update on users'],
    ])
      await stage.execute(`create trigger ${name} before ${event} begin select raise(abort, 'no'); end`);
    vi.useFakeTimers({ toFake: ['performance'] });
    await expect(ledger.settle(charge('r1'))).rejects.toMatchObject({ code: 'failed' });
    await expect(ledger.reserve(reservation('r2'))).rejects.toMatchObject({ code: 'unavailable' });
    vi.advanceTimersByTime(1000);
    await expect(ledger.reserve(reservation('r2'))).rejects.toMatchObject({ code: 'failed' });
    for (const name of ['charges', 'owners']) await stage.execute(`drop trigger ${name}`);
    expect(await ledger.reserve(reservation('r2'))).toBe('reserved');
    expect(await stage.user('ann')).toMatchObject({ reserved_micro: 2 * CREDIT, charged_micro: 0 });
    expect(ledger.reserve(reservation('r3'))).toBe('reserved');
  });

  test('goes on reserving while a charge is tried again that can never be written', async () => {
    await using folder = await temporaryFolder();
    await using stage = await openLedger(null, folder.path, true);
    await stage.addUser('ann', { granted_micro: 3 * CREDIT });
    await stage.addKey('laptop', 'ann');
    const { ledger } = stage;
    const poison = charge('bad', { provider: undefined as unknown as string });
    vi.useFakeTimers({ toFake: ['performance'] });
    await expect(ledger.settle(poison)).rejects.toMatchObject({ code: 'failed' });
    vi.advanceTimersByTime(1000);
    expect(await ledger.reserve(reservation('r1'))).toBe('reserved');
    await Promise.allSettled([ledger.settle(poison), ledger.settle(poison)]);
    expect(ledger.reserve(reservation('r2'))).toBe('reserved');
  });

  test('holds what an earlier process has reserved in the database until that ends', async () => {
    await using folder = await temporaryFolder();
    {
      await using earlier = await openLedger(null, folder.path);
      await earlier.addUser('ann', { granted_micro: 2 * CREDIT });
      await earlier.addKey('laptop', 'ann');
      await earlier.ledger.reserve(reservation('lost', { expiresAtMs: NOW_MS + 1 }));
    }
    await using stage = await openLedger(null, folder.path, true);
    expect(await stage.ledger.reserve(reservation('r1'))).toBe('reserved');
    expect(stage.ledger.reserve(reservation('r2'))).toBe('no_credit');
    await stage.ledger.expire(NOW_MS + 1);
    expect(await stage.ledger.reserve(reservation('r2'))).toBe('reserved');
  });
});
