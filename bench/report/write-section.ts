import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

/**
 * Replaces what is between `<!-- NAME:begin -->` and `<!-- NAME:end -->` in docs/benchmarks.md.
 * @throws Error when the page has no such marks
 */
export function writeSection(name: string, content: string): void {
  const text = readFileSync(page, 'utf8');
  const begin = `<!-- ${name}:begin -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(`<!-- ${name}:end -->`);
  if (from < 0 || to < from) {
    throw new Error(`docs/benchmarks.md has no marks for the section ${name}`);
  }
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`);
}
