import {
  createBuilder,
  type Database,
  type SqlRow,
  type SqlStatement,
  toStatement,
} from '@gatewayz/database';
import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Builder } from '../store/schema.ts';
import type { DailyUsageColumns, Tables } from '../store/tables.ts';

/** What usage can be summed up by. */
export const USAGE_GROUPS = ['day', 'user', 'key', 'provider', 'model'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Which charges are summed up; days are UTC and both ends are in it. */
export interface UsageQuery {
  readonly fromDay: string;
  readonly toDay: string;
  readonly groupBy: readonly UsageGroup[];
  readonly userId?: string | undefined;
  readonly keyId?: string | undefined;
}

/** The charges of one group: amounts in micro-USD and micro-credits. */
export interface UsageRow {
  /** One value for each of the query's groups, in their order. */
  readonly group: Readonly<Partial<Record<UsageGroup, string>>>;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly reasoningTokens: number;
  /** Of the requests that have a price; null where none has. */
  readonly costMicroUsd: number | null;
  readonly unpricedRequests: number;
  readonly estimatedRequests: number;
  readonly creditsMicro: number;
}

/** What charges and daily sums have in common: rows that can be added up. */
interface UsedColumns extends DailyUsageColumns {
  user_id: string;
  credits_micro: number;
}

const COLUMNS: Readonly<Record<UsageGroup, keyof UsedColumns>> = {
  day: 'day',
  user: 'user_id',
  key: 'key_id',
  provider: 'provider',
  model: 'model',
};

const SUMS = [
  'requests',
  'input_tokens',
  'output_tokens',
  'cached_tokens',
  'reasoning_tokens',
  'cost_micro_usd',
  'unpriced_requests',
  'estimated_requests',
  'credits_micro',
] as const satisfies readonly (keyof UsedColumns)[];

/** Groups and sums as the database gives them; the sums are numbers. */
type UsedRow = { [column: string]: SqlRow[string] };

/** How much a report may be. */
export interface UsageReportLimits {
  /** Groups that are held at once. */
  readonly maxRows: number;
  /** Charges that one statement of SQLite goes through, every write waiting for it; default 5,000, some 10 ms. */
  readonly rowsAtOnce?: number;
}

/** Times in epoch milliseconds; the end is not in it. */
interface Span {
  readonly fromMs: number;
  readonly endMs: number;
}

const DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 5000;

/**
 * Sums up the ledger's charges and what nobody pays for, ordered by their groups; null where there are more groups than
 * may be. Where all share one connection it is read in parts, and writes go on between them: what ends meanwhile may be
 * in it or not. Rejects with a `SqlError`.
 */
export async function reportUsage(
  database: Database,
  query: UsageQuery,
  { maxRows, rowsAtOnce = ROWS_AT_ONCE }: UsageReportLimits,
): Promise<readonly UsageRow[] | null> {
  const columns = query.groupBy.map((group) => COLUMNS[group]);
  const sums = new Map<string, UsedRow>();
  for await (const rows of readSums(database, query, rowsAtOnce, maxRows + 1)) {
    for (const row of rows) if (Number(row.requests) > 0) addTo(sums, row, columns);
    if (sums.size > maxRows) return null;
  }
  const inOrder = [...sums].sort(([one], [other]) => (one < other ? -1 : 1));
  return inOrder.map(([, row]) => toUsageRow(row, query.groupBy));
}

function addTo(sums: Map<string, UsedRow>, row: SqlRow, columns: readonly (keyof UsedColumns)[]): void {
  // No text of the database has this character in it, and none comes before it.
  const id = columns.map((column) => row[column]).join('\0');
  const sum = sums.get(id);
  if (sum === undefined) {
    sums.set(id, { ...row, ...Object.fromEntries(SUMS.map((name) => [name, Number(row[name])])) });
    return;
  }
  for (const name of SUMS) sum[name] = Number(sum[name]) + Number(row[name]);
}

/** What is asked for, in parts that are to be added up. */
async function* readSums(
  database: Database,
  query: UsageQuery,
  rowsAtOnce: number,
  limit: number,
): AsyncGenerator<readonly SqlRow[], void> {
  const db = createBuilder<Tables>(database.dialect);
  const groups = query.groupBy.map((group) => COLUMNS[group]);
  const read = async (statement: Compilable): Promise<readonly SqlRow[]> => {
    const run = (): readonly SqlStatement[] => [toStatement(statement)];
    const [rows = []] = await database.run({ table: 'ledger', operation: 'select' }, run);
    return rows;
  };
  const sums = SUMS.map((name) => sql<number>`sum(${sql.ref(name)})`.as(name));
  const sumUp = (used: RawBuilder<UsedColumns>): Promise<readonly SqlRow[]> => {
    let select = db.selectFrom(used.as('used')).select(groups).select(sums).limit(limit);
    for (const group of groups) select = select.groupBy(group);
    return read(select);
  };
  const isInParts = database.dialect === 'sqlite';
  const endMs = Date.parse(query.toDay) + DAY_MS;
  let fromMs = Date.parse(query.fromDay);
  while (fromMs < endMs) {
    const [next] = isInParts ? await read(nextPart(db, query, { fromMs, endMs }, rowsAtOnce)) : [];
    // So many of one millisecond are one part.
    const untilMs = next === undefined ? endMs : Math.max(Number(next.at_ms), fromMs + 1);
    yield await sumUp(chargesOf(query, { fromMs, endMs: untilMs }));
    fromMs = untilMs;
  }
  if (query.userId === undefined || query.userId === '') yield await sumUp(dailySumsOf(query));
}

/** Where the part ends that begins here, if it is not the last. */
function nextPart(db: Builder, query: UsageQuery, span: Span, rowsAtOnce: number): Compilable {
  const statement = sql`select at_ms from ledger where ${isWithin(query, span)} order by at_ms limit 1 offset ${rowsAtOnce}`;
  return { compile: () => statement.compile(db) };
}

const TOKENS: RawBuilder<unknown> = sql`input_tokens, output_tokens, cached_tokens, reasoning_tokens`;

function chargesOf(query: UsageQuery, span: Span): RawBuilder<UsedColumns> {
  const ofKey = query.keyId === undefined ? sql`` : sql`and key_id = ${query.keyId}`;
  return sql`(
    select day, user_id, key_id, provider, model, 1 as requests, ${TOKENS}, cost_micro_usd,
      case when cost_micro_usd is null then 1 else 0 end as unpriced_requests,
      is_estimated as estimated_requests, credits_micro
    from ledger where kind = 'charge' and ${isWithin(query, span)} ${ofKey})`;
}

/** The rows of the ledger that an index finds. */
function isWithin({ userId }: UsageQuery, { fromMs, endMs }: Span): RawBuilder<unknown> {
  const ofUser = userId === undefined ? sql`` : sql`user_id = ${userId} and`;
  return sql`${ofUser} at_ms >= ${fromMs} and at_ms < ${endMs}`;
}

function dailySumsOf({ fromDay, toDay, keyId }: UsageQuery): RawBuilder<UsedColumns> {
  const ofKey = keyId === undefined ? sql`` : sql`and key_id = ${keyId}`;
  return sql`(
    select day, '' as user_id, key_id, provider, model, requests, ${TOKENS}, cost_micro_usd,
      unpriced_requests, estimated_requests, 0 as credits_micro
    from daily_usage where day >= ${fromDay} and day <= ${toDay} ${ofKey})`;
}

function toUsageRow(row: UsedRow, groupBy: readonly UsageGroup[]): UsageRow {
  const { cost_micro_usd: cost } = row;
  const requests = Number(row.requests);
  const unpricedRequests = Number(row.unpriced_requests);
  return {
    group: Object.fromEntries(groupBy.map((group) => [group, String(row[COLUMNS[group]])])),
    requests,
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    cachedTokens: Number(row.cached_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    costMicroUsd: requests === unpricedRequests ? null : Number(cost),
    unpricedRequests,
    estimatedRequests: Number(row.estimated_requests),
    creditsMicro: Number(row.credits_micro),
  };
}
