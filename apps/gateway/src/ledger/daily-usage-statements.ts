import type { SqlDialect, SqlStatement } from '@gatewayz/database';
import type { DailyUsageColumns } from '../store/tables.ts';
import { type AskedColumn, parameterOf, selectAsked, toParameter } from './asked-rows.ts';

const KEYS: readonly AskedColumn[] = [
  ['day', 'text'],
  ['key_id', 'text'],
  ['provider', 'text'],
  ['model', 'text'],
];

const SUMS: readonly AskedColumn[] = [
  ['requests', 'whole'],
  ['input_tokens', 'whole'],
  ['output_tokens', 'whole'],
  ['cached_tokens', 'whole'],
  ['reasoning_tokens', 'whole'],
  ['cost_micro_usd', 'whole'],
  ['unpriced_requests', 'whole'],
  ['estimated_requests', 'whole'],
];

const COLUMNS = [...KEYS, ...SUMS];

/** Writes the statements that add sums to those of the database. */
export interface DailyUsageStatements {
  /** Makes a writer known, once, before its first batch. */
  addWriter(writer: string): readonly SqlStatement[];
  /** Adds a batch once, however often it is tried: the batches of a writer are numbered from 1. */
  add(writer: string, batch: number, rows: readonly DailyUsageColumns[]): readonly SqlStatement[];
}

/** Writes the statements of a dialect once. */
export function dailyUsageStatements(dialect: SqlDialect): DailyUsageStatements {
  const mark = dialect === 'sqlite' ? '?' : '$';
  // Postgres might still be at an earlier try of the same batch, which its row then makes this one wait for.
  const lock = dialect === 'sqlite' ? [] : ['select batch from usage_writers where id = $1 for update'];
  const insert = insertSql(dialect);
  const move = `update usage_writers set batch = ${parameterOf(dialect, 2, 'bigint')}
    where id = ${mark}1 and batch = ${parameterOf(dialect, 2, 'bigint')} - 1`;
  return {
    addWriter: (writer) => [
      {
        sql: `insert into usage_writers (id, batch) values (${mark}1, 0) on conflict (id) do nothing`,
        parameters: [writer],
      },
    ],
    add: (writer, batch, rows) => [
      ...lock.map((sql) => ({ sql, parameters: [writer] })),
      { sql: insert, parameters: [toParameter(rows.map(toRow)), writer, batch] },
      { sql: move, parameters: [writer, batch] },
    ],
  };
}

function insertSql(dialect: SqlDialect): string {
  const names = COLUMNS.map(([name]) => name);
  const mark = dialect === 'sqlite' ? '?' : '$';
  const sums = SUMS.map(([name]) => `${name} = daily_usage.${name} + excluded.${name}`);
  return `
    insert into daily_usage (${names.join(', ')})
    select ${names.join(', ')} from (${selectAsked(dialect, 1, COLUMNS)}) as asked
    where (select batch from usage_writers where id = ${mark}2) = ${parameterOf(dialect, 3, 'bigint')} - 1
    order by ordinal
    on conflict (${KEYS.map(([name]) => name).join(', ')}) do update set ${sums.join(', ')}`;
}

function toRow(row: DailyUsageColumns): readonly (string | number)[] {
  return COLUMNS.map(([name]) => row[name as keyof DailyUsageColumns]);
}
