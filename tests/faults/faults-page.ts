import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FAULT_ROWS, type FaultRow } from './rows.ts';

/** A test's title, and the file that it is in, from the repository's root. */
export interface TestTitle {
  readonly file: string;
  readonly title: string;
}

const PARTS = [...new Set(FAULT_ROWS.map(({ part }) => part))];
const PREFIX = `(?:${PARTS.join('|')}): `;
const ROW_TITLE = new RegExp(`(['"])(${PREFIX}(?:(?!\\1).)+)\\1`, 'g');
const OTHER_TITLE = new RegExp(`\\btest\\(\\s*(['"])((?!${PREFIX})(?:(?!\\1).)+)\\1`, 'g');
const ARROW = ' → ';

/** Where tests may be that name a row; those beside the rows are listed of the first folder alone. */
const FAULT_TESTS = 'tests/faults/*.test.ts';
const TESTS = '{tests,apps/*/src,packages/*/src}/**/*.test.ts';
const OWN_TEST = 'tests/faults/faults-page.test.ts';

/** Where the page is, from the repository's root. */
export const FAULTS_PAGE = 'docs/faults.md';

/** Reads the titles of the fault tests from their files: those that name a row, wherever they are, and the others. */
export function readTitles(root: string): {
  readonly rows: readonly TestTitle[];
  readonly others: readonly TestTitle[];
} {
  const find = (pattern: RegExp, places: string): TestTitle[] =>
    globSync(places, { cwd: root })
      .filter((file) => file !== OWN_TEST)
      .sort()
      .flatMap((file) =>
        [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map((match) => ({
          file,
          title: match[2] ?? '',
        })),
      );
  return { rows: find(ROW_TITLE, TESTS), others: find(OTHER_TITLE, FAULT_TESTS) };
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
    'What may happen to the gateway and the health service, what is right then, and the tests that show it, most of',
    'them against real processes. Written by `tests/faults/write-faults-page.ts` from the titles of the tests: change',
    'those, not this.',
    '',
    `Proved: ${proved.length} of ${all.length} faults.`,
    ...PARTS.flatMap((part) => ['', `## ${part}`, '', ...toTable(part, rows)]),
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
  return `[${basename(file, '.test.ts')}](../${file})`;
}
