import { join } from 'node:path';
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
