import { Readable } from 'node:stream';
import type { Database } from '@gatewayz/database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Accounts } from '../../accounts/accounts.ts';
import type { KeyRecord } from '../../accounts/key-finding.ts';
import type { KeyView } from '../../accounts/keys.ts';
import { reportUsage, USAGE_GROUPS, type UsageGroup, type UsageQuery } from '../../ledger/usage-report.ts';
import type { UserColumns } from '../../store/tables.ts';
import { invalidRequest } from '../api-error.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import { anyId } from './fields.ts';
import { ReportTurns } from './report-turns.ts';
import { type ShownUsage, showUsage } from './show-usage.ts';
import { streamUsageCsv } from './stream-usage-csv.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;
/** A longer report is for CSV, which is not built as a whole. */
const MAX_JSON_ROWS = 5000;

const amounts = {
  requests: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cached_tokens: z.int(),
  reasoning_tokens: z.int(),
  cost_micro_usd: z.int().nullable().meta({ description: 'Of the priced requests; null where none is.' }),
  unpriced_requests: z.int(),
  estimated_requests: z.int().meta({ description: 'Their tokens were counted here.' }),
  credits_micro: z.int(),
};
const usageRow: z.ZodType<ShownUsage> = z.strictObject({
  day: z.string().optional(),
  user_id: z.string().optional(),
  key_id: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  ...amounts,
});
const usage = {
  object: z.literal('usage'),
  from: z.iso.date(),
  to: z.iso.date(),
  data: z.array(usageRow),
};
const balance = z.strictObject({
  granted_micro: z.int(),
  charged_micro: z.int(),
  reserved_micro: z.int(),
  balance_micro: z.int(),
});
const ownKey = z.strictObject({
  id: z.string(),
  budget_micro: z.int().nullable(),
  charged_micro: z.int(),
  reserved_micro: z.int(),
});

/** What a report is asked for with. */
function rangeFields<Group extends UsageGroup>(groups: readonly Group[]) {
  const isGroup = (word: string): word is Group => (groups as readonly string[]).includes(word);
  return {
    from: z.iso.date().optional().meta({ description: 'The first day, UTC; 30 days ago by default.' }),
    to: z.iso.date().optional().meta({ description: 'The last day, UTC; today by default.' }),
    group_by: z
      .string()
      .default('day')
      .transform((text) => (text === '' ? [] : text.split(',')))
      .pipe(
        z
          .array(z.string().refine(isGroup, `Expected some of ${groups.join(', ')}, separated by commas.`))
          .max(groups.length)
          .refine((words) => new Set(words).size === words.length, 'Expected each group once.'),
      )
      .transform((words) => words.filter(isGroup))
      .meta({ description: `Some of ${groups.join(', ')}, separated by commas; empty for one sum.` }),
    format: z.enum(['json', 'csv']).optional().meta({ description: 'Above what the Accept header says.' }),
  };
}

const ownGroups = USAGE_GROUPS.filter((group) => group !== 'user');

export interface UsageParts {
  readonly database: Database;
  readonly accounts: Pick<Accounts, 'users' | 'keys'>;
  readonly epochNow: () => number;
}

/** The endpoints for what was used: all of it for the operator, their own for the owners of keys. */
export function usageEndpoints(parts: UsageParts): readonly Endpoint[] {
  return [allUsage(parts), ownUsage(parts)];
}

function allUsage({ database, epochNow }: UsageParts): Endpoint {
  const turns = new ReportTurns({ perOwner: 2, total: 2 });
  return defineEndpoint({
    method: 'GET',
    path: '/admin/usage',
    summary: 'Sum up usage by day, user, key, provider and model',
    hasCsv: true,
    query: z.strictObject({
      ...rangeFields(USAGE_GROUPS),
      user_id: anyId.optional(),
      key_id: anyId.optional(),
    }),
    result: z.strictObject(usage),
    handle: async ({ query, request, reply }) => {
      const { user_id: userId, key_id: keyId } = query;
      const report = { ...toRange(query, epochNow()), groupBy: query.group_by, userId, keyId };
      return takeTurn(turns.begin(''), () =>
        wantsCsv(query.format, request) ? toCsvAnswer(database, report, reply) : toUsage(database, report),
      );
    },
  });
}

function ownUsage({ database, accounts, epochNow }: UsageParts): Endpoint {
  const turns = new ReportTurns({ perOwner: 1, total: 2 });
  return defineEndpoint({
    method: 'GET',
    path: '/v1/usage',
    summary: 'Show the own balance and usage of the owner of a key',
    access: 'key',
    hasCsv: true,
    query: z.strictObject(rangeFields(ownGroups)),
    result: z.strictObject({ ...usage, user_id: z.string(), balance, key: ownKey }),
    handle: async ({ query, request, reply }) => {
      const { id, userId } = requireOwnKey(request);
      const report = { ...toRange(query, epochNow()), groupBy: query.group_by, userId };
      return takeTurn(turns.begin(userId), async () => {
        if (wantsCsv(query.format, request)) return toCsvAnswer(database, report, reply);
        const [user, key, found] = await Promise.all([
          accounts.users.get(userId),
          accounts.keys.get(id),
          toUsage(database, report),
        ]);
        return { ...found, user_id: userId, balance: toBalance(user), key: toOwnKey(key) };
      });
    },
  });
}

/** The turn of a stream lasts until its last line is out, or its client is gone. */
async function takeTurn<Answer>(
  end: () => void,
  report: () => Promise<Answer | Readable>,
): Promise<Answer | Readable> {
  try {
    const answer = await report();
    if (answer instanceof Readable) answer.once('close', end);
    else end();
    return answer;
  } catch (error) {
    end();
    throw error;
  }
}

function toBalance(user: UserColumns): z.output<typeof balance> {
  const { granted_micro: granted, charged_micro: charged, reserved_micro: reserved } = user;
  return {
    granted_micro: granted,
    charged_micro: charged,
    reserved_micro: reserved,
    balance_micro: granted - charged,
  };
}

function toOwnKey(key: KeyView): z.output<typeof ownKey> {
  const { id, budget_micro: budget, charged_micro: charged, reserved_micro: reserved } = key;
  return { id, budget_micro: budget, charged_micro: charged, reserved_micro: reserved };
}

function requireOwnKey({ caller }: FastifyRequest): KeyRecord {
  const key = caller?.key ?? null;
  if (key !== null) return key;
  const message = 'There is no account: it needs a key that the admin API has made.';
  throw invalidRequest(message, { status: 404, code: 'no_account' });
}

async function toUsage(
  database: Database,
  report: UsageQuery,
): Promise<{ object: 'usage'; from: string; to: string; data: ShownUsage[] }> {
  const rows = await reportUsage(database, report, { maxRows: MAX_JSON_ROWS });
  if (rows === null) {
    throw invalidRequest(
      `The report has more than ${MAX_JSON_ROWS} rows: ask for fewer days or groups, or for CSV.`,
      {
        code: 'report_too_large',
      },
    );
  }
  return { object: 'usage', from: report.fromDay, to: report.toDay, data: rows.map(showUsage) };
}

async function toCsvAnswer(database: Database, report: UsageQuery, reply: FastifyReply): Promise<Readable> {
  const stream = await streamUsageCsv(database, report);
  reply.header('content-type', 'text/csv; charset=utf-8; header=present');
  reply.header('content-disposition', `attachment; filename="usage-${report.fromDay}-${report.toDay}.csv"`);
  return stream;
}

function toRange(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  nowMs: number,
): Pick<UsageQuery, 'fromDay' | 'toDay'> {
  const toMs = to === undefined ? Math.max(nowMs, Date.parse(from ?? '1970-01-01')) : Date.parse(to);
  const fromMs = from === undefined ? toMs - (DEFAULT_DAYS - 1) * DAY_MS : Date.parse(from);
  const days = (toDayMs(toMs) - toDayMs(fromMs)) / DAY_MS + 1;
  if (days < 1) throw invalidRequest('Expected "from" to be no later than "to".', { param: 'from' });
  if (days > MAX_DAYS) throw invalidRequest(`Expected at most ${MAX_DAYS} days.`, { param: 'from' });
  return { fromDay: toDay(fromMs), toDay: toDay(toMs) };
}

function toDayMs(epochMs: number): number {
  return Math.floor(epochMs / DAY_MS) * DAY_MS;
}

function toDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

function wantsCsv(format: 'json' | 'csv' | undefined, { headers }: FastifyRequest): boolean {
  if (format !== undefined) return format === 'csv';
  const [first = ''] = (headers.accept ?? '').split(',');
  return first.split(';')[0]?.trim().toLowerCase() === 'text/csv';
}
