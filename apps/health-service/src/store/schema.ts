import { createBuilder, type SqlDialect, type SqlSchema, textType } from '@gatewayz/database';
import type { Compilable, Kysely } from 'kysely';

/** One target's counts in the minute or hour that starts at `start_ms`. */
export interface SampleColumns {
  provider: string;
  model: string;
  start_ms: number;
  up_ms: number;
  down_ms: number;
  ok: number;
  failed: number;
  unknown: number;
  maintenance: number;
  latency_sum_ms: number;
  latency_max_ms: number;
}

export type SampleTable = 'minute_rows' | 'hour_rows';

export interface Tables {
  minute_rows: SampleColumns;
  hour_rows: SampleColumns;
  /** `document` is the whole incident as JSON; the columns beside it are for finding it. */
  incidents: {
    id: string;
    provider: string;
    status: string;
    severity: string;
    opened_at_ms: number;
    /** 1 or 0. */
    is_absorbed: number;
    document: string;
  };
  budgets: { provider: string; day: string; tokens: number; micro_usd: number };
}

export type Builder = Kysely<Tables>;

type TextType = ReturnType<typeof textType>;

const COUNTS = ['up_ms', 'down_ms', 'ok', 'failed', 'unknown', 'maintenance'] as const;
const LATENCIES = ['latency_sum_ms', 'latency_max_ms'] as const;

function sampleTable(db: Builder, text: TextType, table: SampleTable): readonly Compilable[] {
  let create = db.schema
    .createTable(table)
    .addColumn('provider', text, (column) => column.notNull())
    .addColumn('model', text, (column) => column.notNull())
    .addColumn('start_ms', 'bigint', (column) => column.notNull());
  for (const name of COUNTS) create = create.addColumn(name, 'bigint', (column) => column.notNull());
  for (const name of LATENCIES) {
    create = create.addColumn(name, 'double precision', (column) => column.notNull());
  }
  return [
    create.addPrimaryKeyConstraint(`${table}_key`, ['provider', 'model', 'start_ms']),
    db.schema.createIndex(`${table}_by_time`).on(table).column('start_ms'),
  ];
}

function firstSchema(db: Builder, text: TextType): readonly Compilable[] {
  return [
    ...sampleTable(db, text, 'minute_rows'),
    ...sampleTable(db, text, 'hour_rows'),
    db.schema
      .createTable('incidents')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('provider', text, (column) => column.notNull())
      .addColumn('status', text, (column) => column.notNull())
      .addColumn('severity', text, (column) => column.notNull())
      .addColumn('opened_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('document', text, (column) => column.notNull()),
    db.schema.createIndex('incidents_by_opening').on('incidents').columns(['opened_at_ms', 'id']),
    db.schema
      .createIndex('incidents_not_resolved')
      .on('incidents')
      .column('opened_at_ms')
      .where('status' as never, '<>', 'resolved'),
    db.schema
      .createTable('budgets')
      .addColumn('provider', text, (column) => column.notNull())
      .addColumn('day', text, (column) => column.notNull())
      .addColumn('tokens', 'bigint', (column) => column.notNull())
      .addColumn('micro_usd', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('budgets_key', ['provider', 'day']),
  ];
}

/** Incidents that a wider one took in can be told from the others; those stored before are read for it. */
const ABSORBED_COLUMN: readonly string[] = [
  'alter table incidents add column is_absorbed integer not null default 0',
  // Within a text of the document the quotes would be escaped, so nothing else can match.
  `update incidents set is_absorbed = 1 where document like '%"absorbedInto":"%'`,
];

/** The health service's schema of this release, step by step. */
export function schemaFor(dialect: SqlDialect): SqlSchema {
  const db = createBuilder<Tables>(dialect);
  return {
    versionTable: 'gatewayz_schema',
    migrations: [
      { version: 1, statements: firstSchema(db, textType(dialect)).map((step) => step.compile().sql) },
      { version: 2, statements: ABSORBED_COLUMN },
    ],
  };
}
