import { Readable } from 'node:stream';
import type { Database } from '@gatewayz/database';
import { reportUsage, type UsageQuery, type UsageRow } from '../../ledger/usage-report.ts';
import { type ShownUsage, showUsage, usageFields } from './show-usage.ts';

const DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 500;

/**
 * Streams a report as CSV (RFC 4180). By days first, it is read day by day, so that no more than one is held. Rejects
 * with a `SqlError` where not even the first part could be read; a later failure breaks the stream off.
 */
export async function streamUsageCsv(database: Database, query: UsageQuery): Promise<Readable> {
  const parts = readParts(database, query);
  const first = await parts.next();
  return Readable.from(toLines(usageFields(query.groupBy), first, parts), { objectMode: false });
}

async function* readParts(database: Database, query: UsageQuery): AsyncGenerator<readonly UsageRow[], void> {
  if (query.groupBy[0] !== 'day') {
    yield await reportUsage(database, query);
    return;
  }
  const lastMs = Date.parse(query.toDay);
  for (let dayMs = Date.parse(query.fromDay); dayMs <= lastMs; dayMs += DAY_MS) {
    const day = new Date(dayMs).toISOString().slice(0, 10);
    yield await reportUsage(database, { ...query, fromDay: day, toDay: day });
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
