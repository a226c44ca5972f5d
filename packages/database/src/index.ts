export type { CallLimitOptions } from './call-limit.ts';
export { createBuilder, type SqlDialect, textType } from './create-builder.ts';
export {
  type Database,
  type DatabaseOptions,
  openDatabase,
  type QueryEvent,
  type QueryLabel,
} from './open-database.ts';
export type {
  ConnectionCounts,
  Durability,
  Migration,
  SqlRow,
  SqlSchema,
  SqlStatement,
  SqlValue,
} from './sql-engine.ts';
export { SqlError, type SqlErrorCode } from './sql-error.ts';
export { toStatement, toStorableText } from './to-statement.ts';
