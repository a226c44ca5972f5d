import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULT_ROWS, type FaultRow } from './rows.ts';

/** A test's title, and the file that it is in. */
export interface TestTitle {
  readonly file: string;
  readonly title: string;
}

const ROW_TITLE = /(['"])((?:Provider|Client): (?:(?!\1).)+)\1/g;
const OTHER_TITLE = /\btest\(\s*(['"])((?!Provider: |Client: )(?:(?!\1).)+)\1/g;
const ARROW = ' → ';
const FOLDER = 'tests/faults';

/** Where the page is, from the repository's root. */
export const FAULTS_PAGE = 'docs/faults.md';

/** Reads the titles of the fault tests from their files: those that name a row, and the others. */
export function readTitles(root: string): {
  readonly rows: readonly TestTitle[];
  readonly others: readonly TestTitle[];
} {
  const files = readdirSync(join(root, FOLDER))
    .filter((name) => name.endsWith('.test.ts') && name !== 'faults-page.test.ts')
    .sort();
  const all = files.map((file) => ({ file, text: readFileSync(join(root, FOLDER, file), 'utf8') }));
  const find = (pattern: RegExp): TestTitle[] =>
    all.flatMap(({ file, text }) =>
      [...text.matchAll(pattern)].map((match) => ({ file, title: match[2] ?? '' })),
    );
  return { rows: find(ROW_TITLE), others: find(OTHER_TITLE) };
}

/** Whether a title proves a fault: it begins with the row's part and the fault's own words. */
export function proves(title: string, part: FaultRow['part'], fault: string): boolean {
  return title.toLowerCase().startsWith(`${part}: ${fault}${ARROW}`.toLowerCase());
}

/** Titles that begin like those of a row and are none of it. */
export function findStrays(titles: readonly TestTitle[]): readonly TestTitle[] {
  return titles.filter(
    ({ title }) => !FAULT_ROWS.some(({ part, faults }) => faults.some((fault) => proves(title, part, fault))),
  );
}

/** Writes the page as Markdown. Throws where a title names a row that is not there. */
export function toFaultsPage(root: string): string {
  const { rows, others } = readTitles(root);
  const strays = findStrays(rows);
  if (strays.length > 0)
    throw new Error(`No row is named so:\n${strays.map(({ title }) => title).join('\n')}`);
  const all = FAULT_ROWS.flatMap(({ part, faults }) => faults.map((fault) => ({ part, fault })));
  const proved = all.filter(({ part, fault }) => rows.some(({ title }) => proves(title, part, fault)));
  return [
    '# Faults that are proved',
    '',
    'What providers and clients may do, what is right then, and the tests that show it against a real gateway',
    'process. Written by `tests/faults/write-faults-page.ts` from the titles of the tests: change those, not this.',
    '',
    `Proved: ${proved.length} of ${all.length} faults.`,
    ...(['Provider', 'Client'] as const).flatMap((part) => ['', `## ${part}`, '', ...toTable(part, rows)]),
    '',
    '## Beside these rows',
    '',
    ...others.map(({ file, title }) => `- ${toLink(file)}: ${title}`),
    '',
  ].join('\n');
}

function toTable(part: FaultRow['part'], titles: readonly TestTitle[]): readonly string[] {
  const lines = FAULT_ROWS.filter((row) => row.part === part).flatMap(({ faults, right }) =>
    faults.map((fault, index) => {
      const tests = titles.filter(({ title }) => proves(title, part, fault));
      const proof = tests.map(({ file, title }) => `${toLink(file)}: ${afterArrow(title)}`).join('<br>');
      return [fault, index === 0 ? right : '″', proof === '' ? 'not built yet' : proof];
    }),
  );
  return [
    '| Fault | What is right | Proved by |',
    '| --- | --- | --- |',
    ...lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`),
  ];
}

function afterArrow(title: string): string {
  return title.slice(title.indexOf(ARROW) + ARROW.length);
}

function toLink(file: string): string {
  return `[${file.replace('.test.ts', '')}](../${FOLDER}/${file})`;
}
