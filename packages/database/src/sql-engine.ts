/** What a database can bind and give back. */
export type SqlValue = string | number | null;

export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /**
   * Has the statement run once for each list of a JSON list of lists of texts, numbers and nulls: bound are the
   * `parameters` first, then the values of the list. It then gives no rows. What is no such list, or has more or fewer
   * values than the statement has places, is `invalid`. It is cheap on SQLite, whose thread gets it as it is; Postgres
   * is sent as many statements as there are lists.
   */
  readonly rows?: string;
}

export type SqlRow = Readonly<Record<string, SqlValue>>;

/** One step of the schema; steps are applied once, in rising order of their numbers, and never changed. */
export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/** Connections of a pool: open ones, those in use, and calls that wait for one. */
export interface ConnectionCounts {
  readonly size: number;
  readonly active: number;
  readonly waiting: number;
  readonly max: number;
}

/**
 * When a transaction has to outlive a crash of the machine, or of the Postgres server: before it is answered, or with
 * the next one that has to, a moment later. The end of this process alone undoes neither.
 */
export type Durability = 'now' | 'soon';

/** A database that runs lists of statements, each list as one transaction. */
export interface SqlEngine {
  /** Gives the rows of each statement; durable `now` unless said otherwise. Rejects with a `SqlError`; then none of the statements has had an effect,
   * but for the codes `timeout` and `unavailable`, where that is not known. */
  run(statements: readonly SqlStatement[], durability?: Durability): Promise<readonly (readonly SqlRow[])[]>;
  /** Copies all of it into a file, while it is in use; null where the server has means of its own. */
  readonly backup: ((file: string) => Promise<void>) | null;
  /** How its connections are used now. */
  connections(): ConnectionCounts;
  close(): Promise<void>;
}

/** The steps of a schema, and the table that remembers which have been taken: one for each schema of a database. */
export interface SqlSchema {
  readonly versionTable: string;
  readonly migrations: readonly Migration[];
}
