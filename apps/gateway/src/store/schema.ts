import { createBuilder, type SqlDialect, type SqlSchema, textType } from '@gatewayz/database';
import { type Compilable, type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

/** Writes statements on the gateway's tables. */
export type Builder = Kysely<Tables>;

type Column = readonly [name: string, type: 'text' | 'whole' | 'whole or null' | 'text or null'];

const USERS: readonly Column[] = [
  ['name', 'text'],
  ['plan_type', 'text'],
  ['created_at_ms', 'whole'],
  ['disabled_at_ms', 'whole or null'],
  ['granted_micro', 'whole'],
  ['charged_micro', 'whole'],
  ['reserved_micro', 'whole'],
];

const PLANS: readonly Column[] = [
  ['name', 'text'],
  ['plan_type', 'text'],
  ['billing_cycle', 'text'],
  ['price_micro_usd', 'whole'],
  ['credits_micro', 'whole'],
];

const SUBSCRIPTIONS: readonly Column[] = [
  ['user_id', 'text'],
  ['plan_id', 'text'],
  ['plan_type', 'text'],
  ['billing_cycle', 'text'],
  ['status', 'text'],
  ['started_at_ms', 'whole'],
  ['ends_at_ms', 'whole or null'],
];

const TRIALS: readonly Column[] = [
  ['user_id', 'text'],
  ['status', 'text'],
  ['started_at_ms', 'whole'],
  ['ends_at_ms', 'whole'],
];

const KEYS: readonly Column[] = [
  ['user_id', 'text'],
  ['name', 'text'],
  ['hash', 'text'],
  ['prefix', 'text'],
  ['last_four', 'text'],
  ['created_at_ms', 'whole'],
  ['expires_at_ms', 'whole or null'],
  ['revoked_at_ms', 'whole or null'],
  ['models', 'text or null'],
  ['providers', 'text or null'],
  ['requests_per_minute', 'whole or null'],
  ['tokens_per_minute', 'whole or null'],
  ['concurrency', 'whole or null'],
  ['budget_micro', 'whole or null'],
  ['charged_micro', 'whole'],
  ['reserved_micro', 'whole'],
];

const RESERVATIONS: readonly Column[] = [
  ['batch_id', 'text'],
  ['user_id', 'text'],
  ['key_id', 'text'],
  ['amount_micro', 'whole'],
  ['created_at_ms', 'whole'],
  ['expires_at_ms', 'whole'],
];

const LEDGER: readonly Column[] = [
  ['request_id', 'text'],
  ['kind', 'text'],
  ['batch_id', 'text'],
  ['user_id', 'text'],
  ['key_id', 'text'],
  ['at_ms', 'whole'],
  ['day', 'text'],
  ['provider', 'text'],
  ['model', 'text'],
  ['input_tokens', 'whole'],
  ['output_tokens', 'whole'],
  ['cached_tokens', 'whole'],
  ['reasoning_tokens', 'whole'],
  ['cost_micro_usd', 'whole or null'],
  ['credits_micro', 'whole'],
  ['is_estimated', 'whole'],
  ['is_streaming', 'whole'],
];

const DAILY_USAGE: readonly Column[] = [
  ['day', 'text'],
  ['key_id', 'text'],
  ['provider', 'text'],
  ['model', 'text'],
  ['requests', 'whole'],
  ['input_tokens', 'whole'],
  ['output_tokens', 'whole'],
  ['cached_tokens', 'whole'],
  ['reasoning_tokens', 'whole'],
  ['cost_micro_usd', 'whole'],
  ['unpriced_requests', 'whole'],
  ['estimated_requests', 'whole'],
];

type Table = CreateTableBuilder<string, string>;

/** Writes tables with a text as their key, or without one of a single column where the name of that is empty. */
function tableMaker(db: Builder, dialect: SqlDialect) {
  const text = textType(dialect);
  return (name: keyof Tables, columns: readonly Column[], key = 'id'): Table => {
    let table: Table = db.schema.createTable(name);
    if (key !== '') table = table.addColumn(key, text, (column) => column.primaryKey());
    for (const [column, type] of columns) {
      const isNullable = type.endsWith('or null');
      table = table.addColumn(column, type.startsWith('text') ? text : 'bigint', (definition) =>
        isNullable ? definition : definition.notNull(),
      );
    }
    return table;
  };
}

/** The tables of the first release, the database itself keeping amounts from falling below zero. */
function firstSchema(db: Builder, dialect: SqlDialect): readonly Compilable[] {
  const create = tableMaker(db, dialect);
  const neverNegative = (table: Table, name: string, column: string): Table =>
    table.addCheckConstraint(`${name}_${column}_check`, sql`${sql.ref(column)} >= 0`);
  const amounts = (name: string, table: Table, columns: readonly string[]): Table =>
    columns.reduce((built, column) => neverNegative(built, name, column), table);

  return [
    amounts('users', create('users', USERS), ['granted_micro', 'charged_micro', 'reserved_micro']),
    create('plans', PLANS),
    create('subscriptions', SUBSCRIPTIONS),
    create('trials', TRIALS),
    amounts('api_keys', create('api_keys', KEYS), ['charged_micro', 'reserved_micro']),
    amounts('reservations', create('reservations', RESERVATIONS, 'request_id'), ['amount_micro']),
    create('ledger', LEDGER, '').addPrimaryKeyConstraint('ledger_key', ['request_id', 'kind']),
    db.schema.createIndex('api_keys_by_hash').unique().on('api_keys').column('hash'),
    db.schema.createIndex('api_keys_by_user').on('api_keys').column('user_id'),
    db.schema.createIndex('subscriptions_by_user').on('subscriptions').column('user_id'),
    db.schema.createIndex('trials_by_user').on('trials').column('user_id'),
    db.schema.createIndex('reservations_by_expiry').on('reservations').column('expires_at_ms'),
    db.schema.createIndex('ledger_by_day').on('ledger').columns(['day', 'user_id', 'key_id']),
  ];
}

/** Usage that nobody pays for is summed up by day: a row for each request would grow without end. */
function dailyUsage(db: Builder, dialect: SqlDialect): readonly Compilable[] {
  const create = tableMaker(db, dialect);
  return [
    create('daily_usage', DAILY_USAGE, '').addPrimaryKeyConstraint('daily_usage_key', [
      'day',
      'key_id',
      'provider',
      'model',
    ]),
    create('usage_writers', [['batch', 'whole']]),
  ];
}

/** Reports go through the ledger in the order of time, those of a user through the user's part of it. */
function ledgerByTime(db: Builder): readonly Compilable[] {
  return [
    db.schema.createIndex('ledger_by_time').on('ledger').column('at_ms'),
    db.schema.createIndex('ledger_by_user').on('ledger').columns(['user_id', 'at_ms']),
    db.schema.dropIndex('ledger_by_day'),
  ];
}

/** The gateway's schema of this release, step by step. */
export function schemaFor(dialect: SqlDialect): SqlSchema {
  const db = createBuilder<Tables>(dialect);
  const steps = [firstSchema(db, dialect), dailyUsage(db, dialect), ledgerByTime(db)];
  return {
    versionTable: 'gatewayz_gateway_schema',
    migrations: steps.map((step, index) => ({
      version: index + 1,
      statements: step.map((statement) => statement.compile().sql),
    })),
  };
}
