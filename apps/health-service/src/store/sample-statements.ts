import { type SqlStatement, type SqlValue, toStatement, toStorableText } from '@gatewayz/database';
import type { SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';
import type { MinuteRow } from '../core/types.ts';
import type { SampleFilter } from './health-store.ts';
import { ADDED_COLUMNS, SAMPLE_COLUMNS, sumByKey, toColumns } from './sample-columns.ts';
import type { Builder, SampleColumns, SampleTable, Tables } from './schema.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const MINUTES_KEPT_MS = 30 * 24 * HOUR_MS;

/** SQLite binds at most 32,766 values in a statement; more rows than this in one make it no faster. */
const ROWS_PER_STATEMENT = 200;

function compileUpsert(db: Builder, table: SampleTable, rowCount: number): string {
  const blank = Object.fromEntries(SAMPLE_COLUMNS.map((name) => [name, 0])) as unknown as SampleColumns;
  const sums = [...ADDED_COLUMNS, 'latency_sum_ms' as const].map((name) => {
    const [stored, added] = [sql.ref(`${table}.${name}`), sql.ref(`excluded.${name}`)];
    return [name, sql<number>`${stored} + ${added}`] as const;
  });
  const [stored, added] = [sql.ref(`${table}.latency_max_ms`), sql.ref('excluded.latency_max_ms')];
  const latency_max_ms = sql<number>`case when ${added} > ${stored} then ${added} else ${stored} end`;
  return db
    .insertInto(table)
    .values(Array.from({ length: rowCount }, () => blank))
    .onConflict((conflict) =>
      conflict
        .columns(['provider', 'model', 'start_ms'])
        .doUpdateSet({ ...Object.fromEntries(sums), latency_max_ms }),
    )
    .compile().sql;
}

function within<Row>(
  query: SelectQueryBuilder<Tables, SampleTable, Row>,
  [fromMs, toMs]: readonly [number, number],
  { providerName, modelName }: SampleFilter,
): SelectQueryBuilder<Tables, SampleTable, Row> {
  let filtered = query.where('start_ms', '>=', fromMs).where('start_ms', '<', toMs);
  if (providerName !== undefined) filtered = filtered.where('provider', '=', toStorableText(providerName));
  if (modelName !== undefined) filtered = filtered.where('model', '=', toStorableText(modelName));
  return filtered;
}

/** Writes the statements for the tables of minutes and hours. */
export class SampleStatements {
  readonly #db: Builder;
  readonly #upserts = new Map<string, string>();

  constructor(db: Builder) {
    this.#db = db;
  }

  /** Throws a `SqlError` with code `invalid` on a row that is none. */
  add(rows: readonly MinuteRow[]): readonly SqlStatement[] {
    const minutes = sumByKey(rows.map(toColumns), MINUTE_MS);
    return [
      ...this.#upsert('minute_rows', minutes),
      ...this.#upsert('hour_rows', sumByKey(minutes, HOUR_MS)),
    ];
  }

  rows(table: SampleTable, fromMs: number, toMs: number, filter: SampleFilter): SqlStatement {
    const query = this.#db.selectFrom(table).select(SAMPLE_COLUMNS);
    return toStatement(
      within(query, [fromMs, toMs], filter).orderBy('start_ms').orderBy('provider').orderBy('model'),
    );
  }

  totals(table: SampleTable, fromMs: number, toMs: number, filter: SampleFilter): SqlStatement {
    const query = this.#db
      .selectFrom(table)
      .select(['provider', 'model'])
      .select(({ fn }) => [
        ...[...ADDED_COLUMNS, 'latency_sum_ms' as const].map((name) => fn.sum(name).as(name)),
        fn.max('latency_max_ms').as('latency_max_ms'),
      ])
      .groupBy(['provider', 'model']);
    return toStatement(within(query, [fromMs, toMs], filter).orderBy('provider').orderBy('model'));
  }

  removeOldMinutes(nowEpochMs: number): SqlStatement {
    const hourStartMs = nowEpochMs - (nowEpochMs % HOUR_MS);
    return toStatement(
      this.#db.deleteFrom('minute_rows').where('start_ms', '<', hourStartMs - MINUTES_KEPT_MS),
    );
  }

  #upsert(table: SampleTable, rows: readonly SampleColumns[]): readonly SqlStatement[] {
    const statements: SqlStatement[] = [];
    for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
      const part = rows.slice(start, start + ROWS_PER_STATEMENT);
      const parameters: SqlValue[] = [];
      for (const row of part) for (const name of SAMPLE_COLUMNS) parameters.push(row[name]);
      statements.push({ sql: this.#upsertSql(table, part.length), parameters });
    }
    return statements;
  }

  /** Kept, because compiling for 200 rows takes longer than running the statement. */
  #upsertSql(table: SampleTable, rowCount: number): string {
    const key = `${table} ${rowCount}`;
    const text = this.#upserts.get(key) ?? compileUpsert(this.#db, table, rowCount);
    this.#upserts.set(key, text);
    return text;
  }
}
