import { createBuilder, type Database, type QueryEvent, type SqlRow, toStatement } from '@gatewayz/database';
import { openGatewayStore } from '../store/open-gateway-store.ts';
import type { KeyColumns, Tables, UserColumns } from '../store/tables.ts';
import type { Charge, Reservation } from './charge.ts';
import { type ChargeRow, toChargeRow } from './charge-row.ts';
import { createLedger, type Ledger } from './ledger.ts';

/** A ledger on an open database, for tests that every database has to pass. */
export interface LedgerStage extends AsyncDisposable {
  readonly database: Database;
  readonly ledger: Ledger;
  addUser(id: string, part?: Partial<UserColumns>): Promise<void>;
  addKey(id: string, userId: string, part?: Partial<KeyColumns>): Promise<void>;
  rows(table: keyof Tables): Promise<readonly SqlRow[]>;
  execute(sql: string): Promise<void>;
  setUser(id: string, part: Partial<UserColumns>): Promise<void>;
  /** With what its reservations hold, wherever they are. */
  user(id: string): Promise<SqlRow | undefined>;
}

/** A time that all charges of a test are of. */
export const NOW_MS: number = Date.UTC(2026, 0, 31, 10);

/** Opens a ledger: on a Postgres where a URL is given, else in the folder. */
export async function openLedger(
  url: string | null,
  dataFolder: string,
  isAlone = false,
  onQuery: (event: QueryEvent) => void = () => {},
): Promise<LedgerStage> {
  const database = await openGatewayStore({ url, dataFolder, isShared: !isAlone, onQuery });
  const db = createBuilder<Tables>(database.dialect);
  const ledger = createLedger(database, () => NOW_MS, isAlone);
  const label = { table: 'test', operation: 'test' };
  const rows = async (table: keyof Tables): Promise<readonly SqlRow[]> =>
    (await database.run(label, () => [toStatement(db.selectFrom(table).selectAll())]))[0] ?? [];
  return {
    database,
    ledger,
    rows,
    async user(id) {
      const row = (await rows('users')).find((one) => one.id === id);
      return row && { ...row, reserved_micro: Number(row.reserved_micro) + ledger.held.ofUser(id) };
    },
    async execute(sql) {
      await database.run(label, () => [{ sql, parameters: [] }]);
    },
    async setUser(id, part) {
      await database.run(label, () => [toStatement(db.updateTable('users').set(part).where('id', '=', id))]);
    },
    async addUser(id, part = {}) {
      const user: UserColumns = {
        id,
        name: id,
        plan_type: 'free',
        created_at_ms: NOW_MS,
        disabled_at_ms: null,
        granted_micro: 0,
        charged_micro: 0,
        reserved_micro: 0,
        ...part,
      };
      await database.run(label, () => [toStatement(db.insertInto('users').values(user))]);
    },
    async addKey(id, userId, part = {}) {
      const key: KeyColumns = {
        id,
        user_id: userId,
        name: id,
        hash: id,
        prefix: 'gz_',
        last_four: '0000',
        created_at_ms: NOW_MS,
        expires_at_ms: null,
        revoked_at_ms: null,
        models: null,
        providers: null,
        requests_per_minute: null,
        tokens_per_minute: null,
        concurrency: null,
        budget_micro: null,
        charged_micro: 0,
        reserved_micro: 0,
        ...part,
      };
      await database.run(label, () => [toStatement(db.insertInto('api_keys').values(key))]);
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

export function reservation(requestId: string, part: Partial<Reservation> = {}): Reservation {
  return {
    requestId,
    userId: 'ann',
    keyId: 'laptop',
    amountMicro: 1_000_000,
    expiresAtMs: NOW_MS + 600_000,
    ...part,
  };
}

/** A charge, with its row. */
export function charge(requestId: string, part: Partial<Charge> = {}): Charge & ChargeRow {
  const one: Charge = {
    requestId,
    userId: 'ann',
    keyId: 'laptop',
    atMs: NOW_MS,
    provider: 'groq',
    model: 'llama',
    usage: {
      inputTokens: 10,
      outputTokens: 5,
      cachedInputTokens: 2,
      cacheWriteTokens: 0,
      reasoningTokens: 1,
    },
    costMicroUsd: 1_000_000,
    creditsMicro: 1_000_000,
    isEstimated: false,
    isStreaming: false,
    ...part,
  };
  return { ...one, ...toChargeRow(one) };
}
