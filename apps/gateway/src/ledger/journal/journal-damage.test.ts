import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@gatewayz/testkit';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { fileNames, findLeft, stageJournal, textsOf } from './journal-stage.ts';

afterEach(() => void vi.useRealTimers());

async function makeFolder(): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.dispose());
  return folder.path;
}

test('the last lines may be torn anywhere: whole ones are read, and the rest is reported and kept aside', async () => {
  const lines = ['{"id":1,"name":"ä"}', '{"id":2,"name":"\u{1f41f}"}', '345'];
  const content = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const folder = await makeFolder();
  for (let length = 0; length <= content.length; length += 1) {
    await writeFile(join(folder, 'charges.7.jsonl'), content.subarray(0, length));
    const torn = content.subarray(0, length).toString().split('\n');
    const tail = torn.pop();
    const { journal, troubles } = await stageJournal(folder);
    expect(textsOf(journal)).toEqual(lines.slice(0, torn.length));
    expect(troubles).toEqual(tail === '' ? [] : ['1 lines of charges.7.jsonl cannot be read']);
    if (torn.length > 0) expect(await fileNames(folder)).toEqual(['charges.7.jsonl']);
    journal.done(journal.left);
    await journal.close();
    expect(await fileNames(folder)).toEqual(tail === '' ? [] : ['charges.7.jsonl.damaged']);
    await rm(join(folder, 'charges.7.jsonl.damaged'), { force: true });
  }
});

test('what a crash makes of lines in the midst is reported without its content, and not met again', async () => {
  const folder = await makeFolder();
  const bad = [Buffer.alloc(5), '{"a":secret}', Buffer.from([0x22, 0xff, 0x22]), '', '{"half":"of'];
  const content = ['1', ...bad, '{"b":2}'].flatMap((line) => [Buffer.from(line), Buffer.from('\n')]);
  await writeFile(join(folder, 'charges.3.jsonl'), Buffer.concat([...content, Buffer.alloc(300)]));
  const first = await stageJournal(folder);
  expect(first.troubles).toEqual(['6 lines of charges.3.jsonl cannot be read']);
  expect(textsOf(first.journal)).toEqual(['1', '{"b":2}']);
  first.journal.done(first.journal.left);
  await first.journal.close();

  const second = await stageJournal(folder);
  expect([second.journal.left, second.troubles]).toEqual([[], []]);
  await second.journal.append('4');
  expect(await fileNames(folder)).toEqual(['charges.3.jsonl.damaged', 'charges.4.jsonl']);
  await second.journal.close();
});

test('what cannot be read at all is left alone', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'charges.2.jsonl'));
  await writeFile(join(folder, 'charges.3.jsonl'), '3\n');
  const { journal, troubles } = await stageJournal(folder);
  expect(troubles).toEqual(['charges.2.jsonl cannot be read, and is left as it is']);
  expect(textsOf(journal)).toEqual(['3']);
  await journal.append('4');
  await journal.close();
  expect(await fileNames(folder)).toEqual(['charges.2.jsonl', 'charges.3.jsonl', 'charges.4.jsonl']);
});

test('where the folder is gone entries are refused, and taken again when it is back', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const folder = await makeFolder();
  const { journal, troubles } = await stageJournal(folder, { maxFileBytes: 4 });
  for (const text of ['101', '102', '103']) await journal.append(text);
  await rm(folder, { recursive: true });
  vi.advanceTimersByTime(1000);
  await expect(journal.append('104')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(journal.append('105')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(journal.sync()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(journal.size).toBe(3);
  await mkdir(folder);
  await journal.append('106');
  await journal.close();
  expect(await findLeft(folder)).toEqual([106, 101, 102, 103]);
  expect(troubles).toEqual(['the files of the journal have been taken away']);
});

test('what is written to a file without a name is repeated in another', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const folder = await makeFolder();
  const { journal, troubles } = await stageJournal(folder);
  const first = await journal.append('1');
  await rm(join(folder, 'charges.1.jsonl'));
  const entries = [first, await journal.append('2')];
  vi.advanceTimersByTime(1000);
  entries.push(await journal.append('3'));
  await journal.sync();
  expect(troubles).toEqual(['the files of the journal have been taken away']);
  expect(await findLeft(folder)).toEqual([3, 1, 2]);
  journal.done(entries);
  await journal.close();
  expect(await fileNames(folder)).toEqual([]);
});
