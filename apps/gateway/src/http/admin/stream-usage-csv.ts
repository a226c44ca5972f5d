import { Readable } from 'node:stream';
import type { Database } from '@gatewayz/database';
import { reportUsage, type UsageQuery, type UsageRow } from '../../ledger/usage-report.ts';
import { type ShownUsage, showUsage, usageFields } from './show-usage.ts';

const DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 500;
/** What is held of a report at once; a longer one is read in parts. */
const ROWS_OF_PART = 20_000;

/**
 * Streams a report as CSV (RFC 4180), however long it is: read part by part, and by days first also day by day.
 * Rejects with a `SqlError` where not even the first part could be read; a later failure breaks the stream off.
 */
export async function streamUsageCsv(
  database: Database,
  query: UsageQuery,
  rowsOfPart: number = ROWS_OF_PART,
): Promise<Readable> {
  const parts = readDays(database, query, rowsOfPart);
  const first = await parts.next();
  return Readable.from(toLines(usageFields(query.groupBy), first, parts), { objectMode: false });
}

async function* readDays(
  database: Database,
  query: UsageQuery,
  limit: number,
): AsyncGenerator<readonly UsageRow[], void> {
  if (query.groupBy[0] !== 'day') {
    yield* readParts(database, query, limit);
    return;
  }
  const lastMs = Date.parse(query.toDay);
  for (let dayMs = Date.parse(query.fromDay); dayMs <= lastMs; dayMs += DAY_MS) {
    const day = new Date(dayMs).toISOString().slice(0, 10);
    yield* readParts(database, { ...query, fromDay: day, toDay: day }, limit);
  }
}

async function* readParts(
  database: Database,
  query: UsageQuery,
  limit: number,
): AsyncGenerator<readonly UsageRow[], void> {
  let after: UsageRow['group'] | null = null;
  for (;;) {
    const rows: readonly UsageRow[] = await reportUsage(database, query, { limit, after });
    yield rows;
    after = rows.at(-1)?.group ?? null;
    if (rows.length < limit || query.groupBy.length === 0) return;
  }
}

async function* toLines(
  fields: readonly (keyof ShownUsage)[],
  first: IteratorResult<readonly UsageRow[], void>,
  rest: AsyncGenerator<readonly UsageRow[], void>,
): AsyncGenerator<string, void> {
  yield `${fields.join(',')}\r\n`;
  for (let part = first; part.done !== true; part = await rest.next()) {
    for (let start = 0; start < part.value.length; start += ROWS_AT_ONCE) {
      const rows = part.value.slice(start, start + ROWS_AT_ONCE).map(showUsage);
      yield rows.map((row) => `${fields.map((field) => toCell(row[field])).join(',')}\r\n`).join('');
    }
  }
}

/** Spreadsheets take what begins like a formula for one; names of models may well begin with `@`. */
const FORMULA = /^[=\t\r]|^[+@-].*[(|!=]/s;

function toCell(value: string | number | null | undefined): string {
  const text = String(value ?? '');
  const safe = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
