import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqlError } from '@gatewayz/database';
import { temporaryFolder } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import type { Charge } from './charge.ts';
import type { Ledger } from './ledger.ts';
import { charge } from './ledger-stage.ts';
import { openSettlements, type Settlements } from './settlements.ts';

/** A ledger that takes charges when told to. */
function fakeLedger(): { ledger: Ledger; settled: Charge[]; answers: 'ok' | 'down' | 'hangs' } {
  const fake = {
    answers: 'ok' as 'ok' | 'down' | 'hangs',
    settled: [] as Charge[],
    ledger: {
      settle: (one: Charge) => {
        if (fake.answers === 'hangs') return new Promise<void>(() => {});
        if (fake.answers === 'down') return Promise.reject(new SqlError('unavailable', 'no Postgres'));
        fake.settled.push(one);
        return Promise.resolve();
      },
    } as unknown as Ledger,
  };
  return fake;
}

const open = (spoolFile: string, ledger: Ledger, troubles: string[] = []): Promise<Settlements> =>
  openSettlements({
    ledger,
    spoolFile,
    patienceMs: 20,
    retryMs: 5,
    onTrouble: (message) => troubles.push(message),
  });

const ids = (charges: readonly Charge[]): readonly string[] =>
  charges.map(({ requestId }) => requestId).sort();

test('a charge goes to the ledger, and nothing is kept aside', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  await using settlements = await open(join(folder.path, 'spool.sqlite'), fake.ledger);
  await settlements.settle(charge('a'));
  expect([ids(fake.settled), settlements.backlog()]).toEqual([['a'], 0]);
});

test.each(['down', 'hangs'] as const)(
  'while the ledger %s charges are kept, and settled when it is back',
  async (answers) => {
    await using folder = await temporaryFolder();
    const fake = fakeLedger();
    const troubles: string[] = [];
    await using settlements = await open(join(folder.path, 'spool.sqlite'), fake.ledger, troubles);
    fake.answers = answers;
    await Promise.all(['a', 'b'].map((id) => settlements.settle(charge(id))));
    expect(settlements.backlog()).toBe(2);
    expect(troubles.length).toBeGreaterThanOrEqual(1);
    if (answers === 'hangs') return;
    fake.answers = 'ok';
    await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
    expect(ids(fake.settled)).toEqual(['a', 'b']);
  },
);

test('what was kept aside is settled by the next process', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'spool.sqlite');
  const fake = fakeLedger();
  fake.answers = 'down';
  {
    await using settlements = await open(file, fake.ledger);
    await settlements.settle(charge('a', { usage: { ...charge('a').usage, inputTokens: 77 } }));
  }
  fake.answers = 'ok';
  {
    await using settlements = await open(file, fake.ledger);
    expect(settlements.backlog()).toBe(1);
    await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  }
  expect(fake.settled).toMatchObject([{ requestId: 'a', usage: { inputTokens: 77 } }]);
  await using settlements = await open(file, fake.ledger);
  expect(settlements.backlog()).toBe(0);
});

test('a charge that the ledger refuses stops neither the others nor the process, now or at the next start', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'spool.sqlite');
  const fake = fakeLedger();
  const troubles: string[] = [];
  const taken: string[] = [];
  const ledger = {
    settle(one: Charge) {
      if (one.requestId === 'thrown') throw new RangeError('no amount');
      if (one.requestId === 'refused') return Promise.reject(new SqlError('failed', 'a constraint'));
      return fake.ledger.settle(one).then(() => void taken.push(one.requestId));
    },
  } as unknown as Ledger;
  fake.answers = 'down';
  {
    await using settlements = await open(file, ledger, troubles);
    for (const id of ['thrown', 'refused', 'fine']) await settlements.settle(charge(id));
    fake.answers = 'ok';
    await vi.waitFor(() => expect(taken).toEqual(['fine']));
    for (let round = 0; round < 3; round += 1) await settlements.flush();
    expect(settlements.backlog()).toBe(2);
  }
  const ofEach = (id: string) => troubles.filter((one) => one.includes(`charge ${id} `)).length;
  expect([ofEach('thrown'), ofEach('refused'), ofEach('fine')]).toEqual([1, 1, 0]);
  fake.answers = 'ok';
  await using settlements = await open(file, fake.ledger);
  await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  expect(ids(fake.settled)).toEqual(['fine', 'refused', 'thrown']);
});

test('a charge that is tried in vain, and ever more rarely, leaves the next one its own pace', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  const ledger = {
    settle: (one: Charge) =>
      one.requestId === 'refused' ? Promise.reject(new SqlError('failed', 'no')) : fake.ledger.settle(one),
  } as unknown as Ledger;
  await using settlements = await open(join(folder.path, 'spool.sqlite'), ledger);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await settlements.settle(charge('refused'));
    await vi.advanceTimersByTimeAsync(300_000);
    fake.answers = 'down';
    await settlements.settle(charge('later'));
    fake.answers = 'ok';
    await vi.advanceTimersByTimeAsync(10);
    expect(ids(fake.settled)).toEqual(['later']);
  } finally {
    vi.useRealTimers();
  }
});

test('a charge on the disk that cannot be read is told of, and the others are settled', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'spool.sqlite');
  const fake = fakeLedger();
  fake.answers = 'down';
  {
    await using settlements = await open(file, fake.ledger);
    for (const id of ['torn', 'fine']) await settlements.settle(charge(id));
  }
  const spool = new DatabaseSync(file);
  spool.exec("update unsettled set document = '{' where request_id = 'torn'");
  spool.close();
  fake.answers = 'ok';
  const troubles: string[] = [];
  await using settlements = await open(file, fake.ledger, troubles);
  await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  expect(ids(fake.settled)).toEqual(['fine']);
  expect(troubles).toEqual(['the charge torn is kept aside, and cannot be read']);
});

test('a charge that not even the disk takes is told of, kept in memory, and settled later', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  const troubles: string[] = [];
  const settlements = await open(join(folder.path, 'spool.sqlite'), fake.ledger, troubles);
  fake.answers = 'down';
  await settlements.close();
  await settlements.settle(charge('a'));
  expect(settlements.backlog()).toBe(1);
  expect(troubles.at(-1)).toBe('a charge could not be kept on the disk');
  fake.answers = 'ok';
  await settlements.flush();
  expect(ids(fake.settled)).toEqual(['a']);
});
