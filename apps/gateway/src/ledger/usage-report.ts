import { createBuilder, type Database, type SqlRow, toStatement } from '@gatewayz/database';
import { type RawBuilder, sql } from 'kysely';
import type { LedgerColumns, Tables } from '../store/tables.ts';

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

const COLUMNS: Readonly<Record<UsageGroup, keyof LedgerColumns>> = {
  day: 'day',
  user: 'user_id',
  key: 'key_id',
  provider: 'provider',
  model: 'model',
};

/** A part of a report: no more rows than the limit, behind a row of the part before. */
export interface UsagePart {
  readonly limit: number;
  /** Its groups; null: from the beginning. */
  readonly after: UsageRow['group'] | null;
}

/** Sums up the ledger's charges, ordered by their groups. Rejects with a `SqlError`. */
export async function reportUsage(
  database: Database,
  query: UsageQuery,
  { limit, after }: UsagePart,
): Promise<readonly UsageRow[]> {
  const db = createBuilder<Tables>(database.dialect);
  const groups = query.groupBy.map((group) => COLUMNS[group]);
  const sum = (expression: RawBuilder<unknown>, name: string) => sql<number>`sum(${expression})`.as(name);
  let select = db
    .selectFrom('ledger')
    .select(groups)
    .select([
      sql<number>`count(*)`.as('requests'),
      sum(sql.ref('input_tokens'), 'input_tokens'),
      sum(sql.ref('output_tokens'), 'output_tokens'),
      sum(sql.ref('cached_tokens'), 'cached_tokens'),
      sum(sql.ref('reasoning_tokens'), 'reasoning_tokens'),
      sum(sql.ref('cost_micro_usd'), 'cost_micro_usd'),
      sum(sql`case when cost_micro_usd is null then 1 else 0 end`, 'unpriced_requests'),
      sum(sql.ref('is_estimated'), 'estimated_requests'),
      sum(sql.ref('credits_micro'), 'credits_micro'),
    ])
    .where('kind', '=', 'charge')
    .where('day', '>=', query.fromDay)
    .where('day', '<=', query.toDay);
  if (query.userId !== undefined) select = select.where('user_id', '=', query.userId);
  if (query.keyId !== undefined) select = select.where('key_id', '=', query.keyId);
  for (const group of groups) select = select.groupBy(group).orderBy(group);
  if (after !== null && groups.length > 0) {
    const columns = sql.join(groups.map((group) => sql.ref(group)));
    const last = sql.join(query.groupBy.map((group) => after[group] ?? ''));
    select = select.where(sql<boolean>`(${columns}) > (${last})`);
  }
  const statement = toStatement(select.limit(limit));
  const [rows = []] = await database.run({ table: 'ledger', operation: 'select' }, () => [statement]);
  return rows.filter(({ requests }) => Number(requests) > 0).map((row) => toUsageRow(row, query.groupBy));
}

function toUsageRow(row: SqlRow, groupBy: readonly UsageGroup[]): UsageRow {
  const { cost_micro_usd: cost } = row;
  return {
    group: Object.fromEntries(groupBy.map((group) => [group, String(row[COLUMNS[group]])])),
    requests: Number(row.requests),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    cachedTokens: Number(row.cached_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    costMicroUsd: cost === null || cost === undefined ? null : Number(cost),
    unpricedRequests: Number(row.unpriced_requests),
    estimatedRequests: Number(row.estimated_requests),
    creditsMicro: Number(row.credits_micro),
  };
}
