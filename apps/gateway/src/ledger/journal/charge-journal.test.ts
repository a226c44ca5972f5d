import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@gatewayz/testkit';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { JournalEntry } from './charge-journal.ts';
import { fileNames, findLeft, stageJournal, textsOf, untilFileNames } from './journal-stage.ts';

afterEach(() => void vi.useRealTimers());

async function makeFolder(): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.dispose());
  return folder.path;
}

test('what was appended is found by the next process, oldest first, until it is done with', async () => {
  const folder = join(await makeFolder(), 'made', 'by itself');
  const first = await stageJournal(folder);
  await Promise.all(['1', '2'].map((text) => first.journal.append(text)));
  await first.journal.append('"drei\u{1f41f}"');
  expect(first.journal.size).toBe(3);
  expect(first.journal.left).toEqual([]);
  await first.journal.close();

  const second = await stageJournal(folder);
  expect(textsOf(second.journal)).toEqual(['1', '2', '"drei\u{1f41f}"']);
  await second.journal.append('4');
  second.journal.done(second.journal.left.slice(0, 2));
  expect(textsOf(second.journal)).toEqual(['"drei\u{1f41f}"']);
  expect(second.journal.size).toBe(2);
  expect(await fileNames(folder)).toEqual(['charges.1.jsonl', 'charges.2.jsonl']);
  second.journal.done(second.journal.left);
  await second.journal.close();

  const third = await stageJournal(folder);
  expect(textsOf(third.journal)).toEqual(['4']);
  expect([...first.troubles, ...second.troubles, ...third.troubles]).toEqual([]);
  await third.journal.close();
});

test('files are for their owner alone, and those of other journals are not touched', async () => {
  const folder = await makeFolder();
  const other = await stageJournal(folder, { prefix: 'charges-2' });
  await other.journal.append('"other"');
  await writeFile(join(folder, 'charges.x.jsonl'), 'nothing of ours');
  await writeFile(join(folder, 'chargesX7.jsonl'), 'nothing of ours');
  await writeFile(join(folder, 'charges.old.7.jsonl'), 'nothing of ours');
  const { journal, troubles } = await stageJournal(folder);
  expect([journal.left, troubles]).toEqual([[], []]);
  await journal.append('1');
  expect((await stat(join(folder, 'charges.1.jsonl'))).mode & 0o777).toBe(0o600);
  await Promise.all([journal.close(), other.journal.close()]);
  expect(textsOf((await stageJournal(folder, { prefix: 'charges-2' })).journal)).toEqual(['"other"']);
});

test('a full file is followed by another, and deleted when all in it is done with', async () => {
  const folder = await makeFolder();
  const { journal } = await stageJournal(folder, { maxFileBytes: 8 });
  const entries = [];
  for (const text of ['111', '222', '333', '444', '555']) entries.push(await journal.append(text));
  expect(await fileNames(folder)).toEqual(['charges.1.jsonl', 'charges.2.jsonl', 'charges.3.jsonl']);
  journal.done(entries.slice(2, 4));
  journal.done(entries.slice(0, 1));
  await untilFileNames(folder, ['charges.1.jsonl', 'charges.3.jsonl']);
  expect(await findLeft(folder)).toEqual([111, 222, 555]);
  await journal.close();
});

test('an entry is done with once, whoever says so how often', async () => {
  const folder = await makeFolder();
  const { journal } = await stageJournal(folder);
  const entry = await journal.append('1');
  const kept = await journal.append('2');
  journal.done([entry, entry, { text: '2' }]);
  journal.done([entry]);
  expect(journal.size).toBe(1);
  await journal.close();
  expect(await findLeft(folder)).toEqual([1, 2]);
  journal.done([kept]);
  await untilFileNames(folder, []);
});

test('nothing stays behind in an idle gateway, and a file in use does', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const folder = await makeFolder();
  const { journal } = await stageJournal(folder);
  journal.done([await journal.append('1')]);
  const second = await journal.append('2');
  vi.advanceTimersByTime(1000);
  journal.done([second]);
  const third = await journal.append('3');
  expect(await findLeft(folder)).toEqual([1, 2, 3]);
  journal.done([third]);
  vi.advanceTimersByTime(999);
  expect(await findLeft(folder)).toEqual([1, 2, 3]);
  vi.advanceTimersByTime(1);
  await untilFileNames(folder, []);
  await journal.append('4');
  expect(await fileNames(folder)).toEqual(['charges.2.jsonl']);
  await journal.close();
});

test('closing writes what is under way, deletes what is empty, and takes nothing more', async () => {
  const folder = await makeFolder();
  const { journal } = await stageJournal(folder);
  const isWritten = vi.fn();
  const underWay = journal.append('1').then(isWritten);
  const closed = journal.close();
  await expect(journal.append('2')).rejects.toThrow('the journal is closed');
  await closed;
  expect(isWritten).toHaveBeenCalledWith({ text: '1' });
  await underWay;
  expect(await findLeft(folder)).toEqual([1]);

  const second = await stageJournal(folder);
  second.journal.done([...second.journal.left, await second.journal.append('3')]);
  await second.journal.close();
  expect(await fileNames(folder)).toEqual([]);
});

test('what is under way is waited for where all is to be on the disk', async () => {
  const { journal } = await stageJournal(await makeFolder());
  const isWritten = vi.fn();
  const underWay = journal.append('1').then(isWritten);
  await journal.sync();
  expect(isWritten).toHaveBeenCalledOnce();
  await underWay;
  await journal.close();
});

test('entries that are never done with move on, and keep no old files alive', async () => {
  const folder = await makeFolder();
  const { journal, troubles } = await stageJournal(folder, { maxFileBytes: 2000 });
  const poison = [];
  for (let id = 100; id < 2000; id += 1) {
    const entry = await journal.append(JSON.stringify({ id, filler: 'x'.repeat(30) }));
    if (id % 500 === 0) poison.push(entry);
    else journal.done([entry]);
    if (id % 20 === 0) await journal.sync();
  }
  expect(journal.size).toBe(3);
  await journal.close();
  const numbers = (await fileNames(folder)).map((name) => Number(name.split('.')[1]));
  expect(numbers.length).toBeLessThanOrEqual(3);
  expect(Math.min(...numbers)).toBeGreaterThan(30);
  const ids = (await findLeft(folder)).map((entry) => (entry as { id: number }).id);
  for (const { text } of poison) expect(ids).toContain((JSON.parse(text) as { id: number }).id);
  expect(troubles).toEqual([]);
  journal.done(poison);
  await untilFileNames(folder, []);
});

test('an entry may be done with while it moves', async () => {
  const folder = await makeFolder();
  const { journal } = await stageJournal(folder, { maxFileBytes: 4000 });
  const old = await journal.append('1');
  const others: JournalEntry[] = [];
  const fill = async (count: number) => {
    for (let each = 0; each < count; each += 1) others.push(await journal.append(`"${'x'.repeat(500)}"`));
  };
  await fill(8);
  journal.done(others);
  await fill(25);
  // The fifth file has been begun, and what is left of the first one is on its way to it.
  journal.done([old, ...others]);
  await journal.close();
  expect(journal.size).toBe(0);
  expect(await fileNames(folder)).toEqual([]);
});

test('a name belongs to one process at a time, and is free when that has closed it', async () => {
  const folder = await makeFolder();
  const { journal } = await stageJournal(folder);
  await expect(stageJournal(folder)).rejects.toMatchObject({ code: 'locked' });
  const { journal: other } = await stageJournal(folder, { prefix: 'charges-2' });
  await journal.close();
  const { journal: next } = await stageJournal(folder);
  await Promise.all([other.close(), next.close()]);
});
