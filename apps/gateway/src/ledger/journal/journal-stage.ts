import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type ChargeJournal, type ChargeJournalOptions, openChargeJournal } from './charge-journal.ts';

/** A journal as tests open it, and what its operator heard. */
export interface StagedJournal {
  readonly journal: ChargeJournal;
  readonly troubles: readonly string[];
}

export async function stageJournal(
  folder: string,
  options: Partial<ChargeJournalOptions> = {},
): Promise<StagedJournal> {
  const troubles: string[] = [];
  const onTrouble = (message: string) => troubles.push(message);
  const journal = await openChargeJournal({ folder, prefix: 'charges', onTrouble, ...options });
  return { journal, troubles };
}

/** What a process would find that is started now, where this one were killed. */
export async function findLeft(folder: string): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const name of await fileNames(folder)) {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n').filter(Boolean);
    found.push(...lines.map((line) => JSON.parse(line)));
  }
  return found;
}

/** By number, without the lock. */
export async function fileNames(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.lock'));
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Files are deleted beside the work: this waits until they are. */
export async function untilFileNames(folder: string, expected: readonly string[]): Promise<void> {
  while (String(await fileNames(folder)) !== String(expected)) await turn();
}

export function textsOf({ left }: ChargeJournal): readonly string[] {
  return left.map(({ text }) => text);
}
