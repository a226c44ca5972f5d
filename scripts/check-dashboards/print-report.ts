import { type CheckedFile, countStatuses } from './check-files.ts';
import type { CheckedQuery } from './check-query.ts';

const EXPRESSION_LENGTH = 100;

function shorten(expression: string): string {
  const line = expression.replace(/\s+/g, ' ').trim();
  return line.length > EXPRESSION_LENGTH ? `${line.slice(0, EXPRESSION_LENGTH - 1)}…` : line;
}

function toLines(queries: readonly CheckedQuery[]): readonly string[] {
  const panelWidth = Math.max(...queries.map(({ panel, name }) => panel.length + name.length + 1));
  return queries.flatMap(({ status, panel, name, expression, detail }) => {
    const place = `${panel} ${name}`.padEnd(panelWidth);
    const line = `  ${status.padEnd(14)}  ${place}  ${shorten(expression)}`;
    return detail === null ? [line] : [line, `  ${''.padEnd(14)}  → ${detail}`];
  });
}

function toBlock(checked: CheckedFile): readonly string[] {
  if (checked.kind === 'unreadable') return [`${checked.file}: ${checked.message}`, ''];
  const { file, title, queries, others, notes } = checked;
  return [
    `${file}: ${title}`,
    ...(queries.length === 0 ? ['  no query of Prometheus'] : toLines(queries)),
    ...(others > 0 ? [`  ${others} of other data sources were left alone`] : []),
    ...notes.map((note) => `  ${note}`),
    '',
  ];
}

/** What was found, for people. */
export function toReport(files: readonly CheckedFile[]): string {
  const counts = Object.entries(countStatuses(files)).map(([status, count]) => `${count} ${status}`);
  return [...files.flatMap(toBlock), counts.join(', ')].join('\n');
}
