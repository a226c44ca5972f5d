import type { UsageGroup, UsageRow } from '../../ledger/usage-report.ts';

/** A row of a report as it is answered. */
export interface ShownUsage {
  readonly day?: string | undefined;
  readonly user_id?: string | undefined;
  readonly key_id?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly requests: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_tokens: number;
  readonly reasoning_tokens: number;
  readonly cost_micro_usd: number | null;
  readonly unpriced_requests: number;
  readonly estimated_requests: number;
  readonly credits_micro: number;
}

const FIELDS = {
  day: 'day',
  user: 'user_id',
  key: 'key_id',
  provider: 'provider',
  model: 'model',
} as const satisfies Readonly<Record<UsageGroup, keyof ShownUsage>>;

/** The fields of a report by these groups, in their order. */
export function usageFields(groupBy: readonly UsageGroup[]): readonly (keyof ShownUsage)[] {
  return [
    ...groupBy.map((group) => FIELDS[group]),
    'requests',
    'input_tokens',
    'output_tokens',
    'cached_tokens',
    'reasoning_tokens',
    'cost_micro_usd',
    'unpriced_requests',
    'estimated_requests',
    'credits_micro',
  ];
}

/** Shows a row, its groups first. */
export function showUsage(row: UsageRow): ShownUsage {
  const groups = Object.entries(row.group) as readonly (readonly [UsageGroup, string])[];
  return {
    ...Object.fromEntries(groups.map(([group, value]) => [FIELDS[group], value])),
    requests: row.requests,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    cached_tokens: row.cachedTokens,
    reasoning_tokens: row.reasoningTokens,
    cost_micro_usd: row.costMicroUsd,
    unpriced_requests: row.unpricedRequests,
    estimated_requests: row.estimatedRequests,
    credits_micro: row.creditsMicro,
  };
}
