import { createBuilder, type Database, type SqlRow, toStatement } from '@gatewayz/database';
import { type RawBuilder, sql } from 'kysely';
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

/** A part of a report: no more rows than the limit, behind a row of the part before. */
export interface UsagePart {
  readonly limit: number;
  /** Its groups; null: from the beginning. */
  readonly after: UsageRow['group'] | null;
}

/** Sums up the ledger's charges and what nobody pays for, ordered by their groups. Rejects with a `SqlError`. */
export async function reportUsage(
  database: Database,
  query: UsageQuery,
  { limit, after }: UsagePart,
): Promise<readonly UsageRow[]> {
  const db = createBuilder<Tables>(database.dialect);
  const groups = query.groupBy.map((group) => COLUMNS[group]);
  let select = db
    .selectFrom(usedRows(query).as('used'))
    .select(groups)
    .select(SUMS.map((name) => sql<number>`sum(${sql.ref(name)})`.as(name)));
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

/** Every charge, and every daily sum, that is asked for. */
function usedRows({ fromDay, toDay, userId, keyId }: UsageQuery): RawBuilder<UsedColumns> {
  const ofKey = keyId === undefined ? sql`` : sql`and key_id = ${keyId}`;
  const ofUser = userId === undefined ? sql`` : sql`and user_id = ${userId}`;
  const tokens = sql`input_tokens, output_tokens, cached_tokens, reasoning_tokens`;
  const unpriced = sql`case when cost_micro_usd is null then 1 else 0 end`;
  const charges = sql`
    select day, user_id, key_id, provider, model, 1 as requests, ${tokens}, cost_micro_usd,
      ${unpriced} as unpriced_requests, is_estimated as estimated_requests, credits_micro
    from ledger where kind = 'charge' and day >= ${fromDay} and day <= ${toDay} ${ofUser} ${ofKey}`;
  if (userId !== undefined && userId !== '') return sql`(${charges})`;
  return sql`(${charges} union all
    select day, '', key_id, provider, model, requests, ${tokens}, cost_micro_usd,
      unpriced_requests, estimated_requests, 0
    from daily_usage where day >= ${fromDay} and day <= ${toDay} ${ofKey})`;
}

function toUsageRow(row: SqlRow, groupBy: readonly UsageGroup[]): UsageRow {
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
