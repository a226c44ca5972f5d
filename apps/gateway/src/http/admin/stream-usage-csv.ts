import { Readable } from 'node:stream';
import type { Database } from '@gatewayz/database';
import { reportUsage, type UsageQuery, type UsageRow } from '../../ledger/usage-report.ts';
import { invalidRequest } from '../api-error.ts';
import { type ShownUsage, showUsage, usageFields } from './show-usage.ts';

const DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 500;
/** What is held of a report at once: of all its days, or of one where it is by days first. */
const MAX_ROWS_AT_ONCE = 100_000;

/**
 * Streams a report as CSV (RFC 4180), by days first day by day. Rejects with a `SqlError` where not even the first part
 * could be read, and with an `ApiError` where that is too large; a later failure breaks the stream off.
 */
export async function streamUsageCsv(
  database: Database,
  query: UsageQuery,
  maxRowsAtOnce: number = MAX_ROWS_AT_ONCE,
): Promise<Readable> {
  const parts = readParts(database, query, maxRowsAtOnce);
  const first = await parts.next();
  return Readable.from(toLines(usageFields(query.groupBy), first, parts), { objectMode: false });
}

async function* readParts(
  database: Database,
  query: UsageQuery,
  maxRows: number,
): AsyncGenerator<readonly UsageRow[], void> {
  for (const part of toParts(query)) {
    const rows = await reportUsage(database, part, { maxRows });
    if (rows === null) {
      const advice = 'ask for fewer groups, or by day first.';
      throw invalidRequest(`The report has more than ${maxRows} rows: ${advice}`, {
        code: 'report_too_large',
      });
    }
    yield rows;
  }
}

function* toParts(query: UsageQuery): Generator<UsageQuery, void> {
  if (query.groupBy[0] !== 'day') {
    yield query;
    return;
  }
  const lastMs = Date.parse(query.toDay);
  for (let dayMs = Date.parse(query.fromDay); dayMs <= lastMs; dayMs += DAY_MS) {
    const day = new Date(dayMs).toISOString().slice(0, 10);
    yield { ...query, fromDay: day, toDay: day };
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
