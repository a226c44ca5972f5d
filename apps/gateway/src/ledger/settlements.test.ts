import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SqlError } from '@gatewayz/database';
import { temporaryFolder } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import type { ChargeRow } from './charge-row.ts';
import { fileNames } from './journal/journal-stage.ts';
import { type Ledger, PATIENCE_MS } from './ledger.ts';
import { charge } from './ledger-stage.ts';
import { openSettlements, type Settlements } from './settlements.ts';

type FakeLedger = Pick<Ledger, 'settle'>;

/** A ledger that takes charges when told to. */
function fakeLedger(): { ledger: FakeLedger; settled: ChargeRow[]; answers: 'ok' | 'down' | 'hangs' } {
  const fake = {
    answers: 'ok' as 'ok' | 'down' | 'hangs',
    settled: [] as ChargeRow[],
    ledger: {
      settle: (one: ChargeRow) => {
        if (fake.answers === 'hangs') return new Promise<void>(() => {});
        if (fake.answers === 'down') return Promise.reject(new SqlError('unavailable', 'no Postgres'));
        fake.settled.push(one);
        return Promise.resolve();
      },
    },
  };
  return fake;
}

const open = (
  folder: string,
  ledger: FakeLedger,
  troubles: string[] = [],
  retryMs = 5,
): Promise<Settlements> =>
  openSettlements({
    ledger,
    folder,
    prefix: 'charges',
    patienceMs: 20,
    retryMs,
    onTrouble: (message) => troubles.push(message),
  });

const ids = (charges: readonly ChargeRow[]): readonly string[] =>
  charges.map(({ requestId }) => requestId).sort();

test('a charge goes to the ledger, and nothing of it stays in the journal', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  {
    await using settlements = await open(folder.path, fake.ledger);
    await settlements.settle(charge('a'));
    expect([ids(fake.settled), settlements.backlog()]).toEqual([['a'], 0]);
  }
  expect(await fileNames(folder.path)).toEqual([]);
});

test('an answer waits for no ledger: its charge is in the journal', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  fake.answers = 'hangs';
  {
    await using settlements = await open(folder.path, fake.ledger);
    await settlements.settle(charge('a'));
  }
  fake.answers = 'ok';
  // What is left is owed from the start on, and waits for no retry.
  await using settlements = await open(folder.path, fake.ledger, [], 60_000);
  await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  expect(ids(fake.settled)).toEqual(['a']);
});

test('while the ledger is down charges are kept, and settled when it is back', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  const troubles: string[] = [];
  await using settlements = await open(folder.path, fake.ledger, troubles);
  fake.answers = 'down';
  await Promise.all(['a', 'b'].map((id) => settlements.settle(charge(id))));
  expect(settlements.backlog()).toBe(2);
  expect(troubles).toEqual(['charges are kept aside: the ledger does not take them']);
  fake.answers = 'ok';
  await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  expect(ids(fake.settled)).toEqual(['a', 'b']);
});

test('what was kept aside is settled by the next process', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  fake.answers = 'down';
  {
    await using settlements = await open(folder.path, fake.ledger);
    await settlements.settle(charge('a', { usage: { ...charge('a').usage, inputTokens: 77 } }));
  }
  fake.answers = 'ok';
  {
    await using settlements = await open(folder.path, fake.ledger);
    expect(settlements.backlog()).toBe(1);
    await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  }
  expect(fake.settled).toMatchObject([{ requestId: 'a', text: expect.stringContaining(',77,') }]);
  await using settlements = await open(folder.path, fake.ledger);
  expect(settlements.backlog()).toBe(0);
});

test('a charge that the ledger refuses stops neither the others nor the process, now or at the next start', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  const troubles: string[] = [];
  const taken: string[] = [];
  const ledger: FakeLedger = {
    async settle(one) {
      if (one.requestId === 'thrown') throw new RangeError('no amount');
      if (one.requestId === 'refused') throw new SqlError('failed', 'a constraint');
      await fake.ledger.settle(one);
      taken.push(one.requestId);
    },
  };
  fake.answers = 'down';
  {
    await using settlements = await open(folder.path, ledger, troubles);
    for (const id of ['thrown', 'refused', 'fine']) await settlements.settle(charge(id));
    fake.answers = 'ok';
    await vi.waitFor(() => expect(taken).toEqual(['fine']));
    for (let round = 0; round < 3; round += 1) await settlements.flush();
    expect(settlements.backlog()).toBe(2);
  }
  const ofEach = (id: string) => troubles.filter((one) => one.includes(`charge ${id} `)).length;
  expect([ofEach('thrown'), ofEach('refused'), ofEach('fine')]).toEqual([1, 1, 0]);
  await using settlements = await open(folder.path, fake.ledger);
  await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  // Which of a file have been settled the journal does not tell: the ledger takes each of them once.
  expect(new Set(ids(fake.settled))).toEqual(new Set(['fine', 'refused', 'thrown']));
});

test('a charge that is tried in vain, and ever more rarely, leaves the next one its own pace', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  const ledger: FakeLedger = {
    settle: (one) =>
      one.requestId === 'refused' ? Promise.reject(new SqlError('failed', 'no')) : fake.ledger.settle(one),
  };
  await using settlements = await open(folder.path, ledger);
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

test('a line that is no charge is told of, and the others are settled', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  fake.answers = 'down';
  {
    await using settlements = await open(folder.path, fake.ledger);
    await settlements.settle(charge('fine'));
  }
  const [file = ''] = await fileNames(folder.path);
  await appendFile(join(folder.path, file), '["torn",1]\n');
  fake.answers = 'ok';
  const troubles: string[] = [];
  await using settlements = await open(folder.path, fake.ledger, troubles);
  await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  expect(ids(fake.settled)).toEqual(['fine']);
  expect(troubles).toEqual(['a charge in the journal cannot be read, and is left there']);
});

test('a charge that is in the journal twice is settled once, and leaves nothing there', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  const { text } = charge('a');
  await writeFile(join(folder.path, 'charges.1.jsonl'), `${text}\n`);
  await writeFile(join(folder.path, 'charges.2.jsonl'), `${text}\n`);
  {
    await using settlements = await open(folder.path, fake.ledger);
    await vi.waitFor(() => expect(settlements.backlog()).toBe(0));
  }
  expect(ids(fake.settled)).toEqual(['a']);
  expect(await fileNames(folder.path)).toEqual([]);
});

test('a charge that the disk does not take waits for the ledger, is told of, and kept in memory', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  const troubles: string[] = [];
  const journal = join(folder.path, 'journal');
  await using settlements = await open(journal, fake.ledger, troubles);
  await rm(journal, { recursive: true });
  await writeFile(journal, 'no folder');
  await settlements.settle(charge('a'));
  expect(ids(fake.settled)).toEqual(['a']);
  fake.answers = 'down';
  await settlements.settle(charge('b'));
  expect(settlements.backlog()).toBe(1);
  expect(troubles.at(-1)).toBe('a charge could not be kept on the disk');
  fake.answers = 'ok';
  await settlements.flush();
  expect(ids(fake.settled)).toEqual(['a', 'b']);
});

test('charges that the ledger has not taken within a second count as kept', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  fake.answers = 'hangs';
  await using settlements = await open(folder.path, fake.ledger);
  await settlements.settle(charge('early'));
  expect(settlements.backlog()).toBe(0);
  await wait(PATIENCE_MS + 100);
  await settlements.settle(charge('late'));
  expect(settlements.backlog()).toBe(1);
});

test('what the ledger did not take is put on the disk itself, and that is told of where it fails', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  const troubles: string[] = [];
  await using settlements = await open(folder.path, fake.ledger, troubles);
  fake.answers = 'hangs';
  await settlements.settle(charge('a'));
  // Its file is there, but cannot be opened any more.
  const away = `${folder.path}-away`;
  await rename(folder.path, away);
  fake.answers = 'down';
  await settlements.settle(charge('b'));
  await vi.waitFor(() => expect(troubles).toContain('the journal of charges could not be synced'));
  await rm(folder.path, { recursive: true, force: true });
  await rename(away, folder.path);
});

test('what neither the ledger nor the disk takes is kept up to ten thousand charges, and each lost one is told of', async () => {
  await using folder = await temporaryFolder();
  const fake = fakeLedger();
  fake.answers = 'down';
  const troubles: string[] = [];
  await using settlements = await open(folder.path, fake.ledger, troubles, 60_000);
  await rm(folder.path, { recursive: true });
  await writeFile(folder.path, 'no folder');
  const many = Array.from({ length: 10_002 }, (_, index) => settlements.settle(charge(`r${index}`)));
  await Promise.all(many);
  const lost = troubles.filter((text) => text.includes('is lost'));
  expect(lost).toHaveLength(2);
  expect(settlements.backlog()).toBe(10_000);
  await rm(folder.path);
});
