/** What a database can bind and give back. */
export type SqlValue = string | number | null;

export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export type SqlRow = Readonly<Record<string, SqlValue>>;

/** One step of the schema; steps are applied once, in rising order of their numbers, and never changed. */
export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/** A database that runs lists of statements, each list as one transaction. */
export interface SqlEngine {
  /** Gives the rows of each statement. Rejects with a `StoreError`; then none of the statements has had an effect,
   * but for the codes `timeout` and `unavailable`, where that is not known. */
  run(statements: readonly SqlStatement[]): Promise<readonly (readonly SqlRow[])[]>;
  close(): Promise<void>;
}

export const SCHEMA_VERSION_TABLE = 'gatewayz_schema';
