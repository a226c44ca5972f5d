import { isUtf8 } from 'node:buffer';
import { readdir, readFile } from 'node:fs/promises';

/** A file that an earlier process left. */
export interface LeftFile {
  readonly number: number;
  readonly name: string;
  /** Has been read, and is kept for people to look at. */
  readonly isKeptAside: boolean;
}

/** What a file holds. */
export interface JournalLines {
  readonly texts: readonly string[];
  /** Lines that are no JSON, and a last one without its end. */
  readonly unreadable: number;
  readonly bytes: number;
}

const LINE_BREAK = 0x0a;

/** The files of the journal `prefix` in `folder`, oldest first. */
export async function listLeftFiles(folder: string, prefix: string): Promise<readonly LeftFile[]> {
  const files: LeftFile[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const match = /^(\d{1,15})\.jsonl(\.damaged)?$/.exec(name.slice(prefix.length + 1));
    if (match !== null) files.push({ number: Number(match[1]), name, isKeptAside: match[2] !== undefined });
  }
  return files.sort((a, b) => a.number - b.number);
}

/** The lines of a file, whatever else a crash left in it. Rejects where the file cannot be read. */
export async function readJournalLines(path: string): Promise<JournalLines> {
  const content = await readFile(path);
  const texts: string[] = [];
  let unreadable = 0;
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(LINE_BREAK, start);
    const line = end === -1 ? null : content.subarray(start, end);
    const text = line !== null && isUtf8(line) ? line.toString() : '';
    if (isJson(text)) texts.push(text);
    else unreadable += 1;
    start = end === -1 ? content.length : end + 1;
  }
  return { texts, unreadable, bytes: content.length };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
