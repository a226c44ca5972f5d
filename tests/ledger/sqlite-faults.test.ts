import { copyFile, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningGateway, temporaryFolder } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { askAdmin, createUser, type UserKey } from './admin.ts';
import { type Books, readBooks } from './books.ts';
import { numberedProvider, type Receipt } from './kill-load.ts';
import { type LedgerStage, openLedgerStage } from './ledger-stage.ts';
import { askNumber, backlogOf, toReceipt } from './numbered-chat.ts';
import { reconcile } from './reconcile.ts';

const CREDIT = 10 ** 9;

function openStage(options: Partial<Parameters<typeof openLedgerStage>[0]> = {}): Promise<LedgerStage> {
  return openLedgerStage({ databaseUrl: null, provider: numberedProvider(() => {}), ...options });
}

async function askNumbers(
  gateway: RunningGateway,
  key: UserKey,
  from: number,
  count: number,
): Promise<readonly Receipt[]> {
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  return Promise.all(
    numbers.map(async (number) => toReceipt(await askNumber(gateway, key, number), key, number)),
  );
}

async function expectExact(stage: LedgerStage, receipts: readonly Receipt[]): Promise<Books> {
  const books = await readBooks({ file: stage.sqliteFile });
  expect(reconcile(books, receipts, stage.provider.attempts())).toEqual([]);
  return books;
}

test('State and money: SQLite file locked → a second gateway waits for its limit, says why it does not start, and hurts nobody', async () => {
  await using stage = await openStage();
  const gateway = await stage.start();
  const key = await createUser(gateway, 'ann', CREDIT);
  await expect(stage.start()).rejects.toThrow(/another process has it open/);
  const receipts = await askNumbers(gateway, key, 1, 3);
  await gateway.stop();
  await expectExact(stage, receipts);
});

test('State and money: SQLite on a full disk → nothing new begins, the log says so, and no answer under way is lost or free', async () => {
  await using folder = await temporaryFolder();
  const flag = join(folder.path, 'full');
  await using stage = await openStage({
    preload: join(import.meta.dirname, 'full-disk.mjs'),
    env: { FULL_DISK: flag },
  });
  const gateway = await stage.start();
  const key = await createUser(gateway, 'ann', CREDIT);
  const receipts: Receipt[] = [...(await askNumbers(gateway, key, 1, 2))];
  await writeFile(flag, '');
  const refusal = await vi.waitFor(
    async () => {
      const number = receipts.length + 1;
      const answer = await askNumber(gateway, key, number);
      if (answer.status === 200) receipts.push(toReceipt(answer, key, number));
      expect(answer.status).not.toBe(200);
      return answer;
    },
    { timeout: 25_000, interval: 1 },
  );
  expect([refusal.status, refusal.error?.code]).toEqual([503, 'ledger_unavailable']);
  await vi.waitFor(() => expect(gateway.process.stdout()).toContain('no space left on the disk'));
  await rm(flag);
  const last = 10_000;
  await vi.waitFor(async () => receipts.push(toReceipt(await askNumber(gateway, key, last), key, last)), {
    timeout: 10_000,
    interval: 50,
  });
  await vi.waitFor(async () => expect(await backlogOf(gateway)).toBe(0), { timeout: 10_000 });
  await gateway.stop();
  await expectExact(stage, receipts);
});

test('State and money: SQLite file torn → the gateway does not start, says what to do, and leaves the file as it is', async () => {
  await using stage = await openStage();
  const gateway = await stage.start();
  const key = await createUser(gateway, 'ann', CREDIT);
  await askNumbers(gateway, key, 1, 5);
  await gateway.stop();
  await tear(stage.sqliteFile);
  const torn = await readFile(stage.sqliteFile);
  await expect(stage.start()).rejects.toThrow(/damaged.*left as it (?:is|was)/);
  expect((await readFile(stage.sqliteFile)).equals(torn)).toBe(true);
});

test('State and money: backup and restore → a copy made under load is whole, and a gateway goes on from it', async () => {
  await using stage = await openStage();
  const gateway = await stage.start();
  const key = await createUser(gateway, 'ann', CREDIT);
  const before = await askNumbers(gateway, key, 1, 20);
  const during = askNumbers(gateway, key, 100, 100);
  const { file } = await askAdmin(gateway, 'POST', 'backups');
  const receipts = [...before, ...(await during)];
  await gateway.stop();
  await expectExact(stage, receipts);

  await tear(stage.sqliteFile);
  for (const suffix of ['-wal', '-shm']) await rm(`${stage.sqliteFile}${suffix}`, { force: true });
  await copyFile(String(file), stage.sqliteFile);
  const restored = await readBooks({ file: stage.sqliteFile });
  const known = new Set(restored.charges.map(({ requestId }) => requestId));
  for (const { requestId } of before) expect(known).toContain(requestId);
  const next = await stage.start();
  const after = await askNumbers(next, key, 1000, 3);
  const { charged_micro: charged } = await askAdmin(next, 'GET', 'users/ann');
  await next.stop();
  const books = await readBooks({ file: stage.sqliteFile });
  expect(books.charges.map(({ requestId }) => requestId).sort()).toEqual(
    [...known, ...after.map(({ requestId }) => requestId)].sort(),
  );
  expect(charged).toBe(books.charges.reduce((sum, { creditsMicro }) => sum + creditsMicro, 0));
});

/** Overwrites every other page but the first, as a disk may do. */
async function tear(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  const { size } = await handle.stat();
  for (let at = 4096; at < size; at += 8192) await handle.write(Buffer.alloc(4096, 0x5a), 0, 4096, at);
  await handle.close();
}
