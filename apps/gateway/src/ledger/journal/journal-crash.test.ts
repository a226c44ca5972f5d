import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startProcess, temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { stageJournal, textsOf } from './journal-stage.ts';

const ROUNDS = 5;
/** A file holds few entries, so that the kill hits files that are begun, moved and deleted as well. */
const MAX_FILE_BYTES = 4096;

function script(folder: string, body: string): readonly string[] {
  const journal = pathToFileURL(join(import.meta.dirname, 'charge-journal.ts')).href;
  const opening = `
import { writeSync } from 'node:fs';
import { openChargeJournal } from '${journal}';
const say = (word, id) => writeSync(1, word + ' ' + id + '\\n');
const toText = (id) => JSON.stringify({ id, filler: 'x'.repeat(700) });
const journal = await openChargeJournal({
  folder: ${JSON.stringify(folder)}, prefix: 'charges', maxFileBytes: ${MAX_FILE_BYTES},
  onTrouble: (message) => say('trouble', message),
});`;
  return ['--input-type=module', '--eval', opening + body];
}

function said(output: string, word: string): readonly string[] {
  // A line without its end was cut by the kill.
  return [...output.matchAll(new RegExp(`^${word} (.+)\\n`, 'gm'))].map((match) => match[1] ?? '');
}

async function openLeft(folder: string) {
  const staged = await stageJournal(folder);
  const ids = textsOf(staged.journal).map((text) => String((JSON.parse(text) as { id: number }).id));
  return { ...staged, ids };
}

test('what was appended before a SIGKILL and not done with is there after it', async () => {
  await using folder = await temporaryFolder();
  const kept = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    // One in 97 is never done with; the others are some turns later.
    const body = `
for (let id = ${round * 1_000_000}; ; id += 5) {
  await Promise.all([0, 1, 2, 3, 4].map(async (lane) => {
    const entry = await journal.append(toText(id + lane));
    say('appended', id + lane);
    if ((id + lane) % 97 === 0) return;
    setImmediate(() => { say('done', id + lane); journal.done([entry]); });
  }));
}`;
    const args = script(folder.path, body);
    const writer = await startProcess({
      command: process.execPath,
      args,
      readyWhen: /^done \d*[1-9]\d{3}$/m,
    });
    writer.kill('SIGKILL');
    expect((await writer.exit).signal).toBe('SIGKILL');
    for (const id of said(writer.stdout(), 'appended')) kept.add(id);
    for (const id of said(writer.stdout(), 'done')) kept.delete(id);

    const { journal, ids } = await openLeft(folder.path);
    await journal.close();
    expect([...kept].filter((id) => !ids.includes(id))).toEqual([]);
  }
  expect(kept.size).toBeGreaterThan(ROUNDS);
});

// A limit on the size of files is a disk that takes a part of what is written, and then no more.
const limited = (args: readonly string[]) => ({
  command: '/bin/sh',
  args: ['-c', 'ulimit -f 8 && exec "$0" "$@"', process.execPath, ...args],
});

test('what the disk does not take is refused, and spoils nothing before or after it', async () => {
  await using folder = await temporaryFolder();
  const body = `
const append = async (ids) => {
  const results = await Promise.allSettled(ids.map((id) => journal.append(toText(id))));
  for (const [index, { reason }] of results.entries()) {
    if (reason === undefined) say('appended', ids[index]);
    else say('refused', ids[index] + ' ' + reason.code);
  }
};
for (let id = 1; id < 20; id += 3) await append([id, id + 1, id + 2]);
await append(Array.from({ length: 40 }, (_, index) => 100 + index));
await append([200]);
say('size', journal.size);
process.kill(process.pid, 'SIGKILL');`;
  const writer = await startProcess(limited(script(folder.path, body)));
  await writer.exit;
  const appended = said(writer.stdout(), 'appended');
  const refused = said(writer.stdout(), 'refused');
  // Those after the first refusal, and the one after a batch that no file could take.
  expect(appended).toEqual(expect.arrayContaining(['7', '19', '200']));
  expect(refused.length).toBeGreaterThan(40);
  expect(refused.every((line) => line.endsWith(' EFBIG'))).toBe(true);
  expect(said(writer.stdout(), 'size')).toEqual([String(appended.length)]);

  const { journal, ids, troubles } = await openLeft(folder.path);
  expect(ids).toEqual(appended);
  expect(troubles).toEqual([]);
  journal.done(journal.left);
  await journal.close();
});

test('a process that ends by itself is not held up, and leaves what it did not close', async () => {
  await using folder = await temporaryFolder();
  const body = `
const entries = await Promise.all([journal.append(toText(1)), journal.append(toText(2))]);
journal.done([...entries, await journal.append(toText(3))]);`;
  const writer = await startProcess({ command: process.execPath, args: script(folder.path, body) });
  expect((await writer.exit).code).toBe(0);
  const { journal, ids } = await openLeft(folder.path);
  // The file does not tell that they were done with, and would be deleted only after a second.
  expect(ids).toEqual(['1', '2', '3']);
  journal.done(journal.left);
  await journal.close();
  await expect(access(join(folder.path, 'charges.1.jsonl'))).rejects.toThrow('ENOENT');
});
