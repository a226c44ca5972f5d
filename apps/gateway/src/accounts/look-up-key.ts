import { createBuilder, type Database, type SqlRow, toStatement } from '@gatewayz/database';
import type { Tables } from '../store/tables.ts';
import { type KeyFinding, UNKNOWN } from './key-finding.ts';

/** A key as the database has it, whoever's it is. */
export interface StoredKey {
  readonly finding: KeyFinding;
  readonly keyId: string;
  readonly userId: string;
}

/** Finds keys by their hashes. What it gives rejects with a `SqlError`. */
export function createKeyLookup(database: Database): (hash: string) => Promise<StoredKey> {
  const db = createBuilder<Tables>(database.dialect);
  return async (hash) => {
    const query = db
      .selectFrom('api_keys')
      .innerJoin('users', 'users.id', 'api_keys.user_id')
      .selectAll('api_keys')
      .select(['users.plan_type', 'users.disabled_at_ms'])
      .where('api_keys.hash', '=', hash);
    const [rows = []] = await database.run({ table: 'api_keys', operation: 'select' }, () => [
      toStatement(query),
    ]);
    const row = rows[0];
    if (row === undefined) return { finding: UNKNOWN, keyId: '', userId: '' };
    return { finding: toFinding(row), keyId: String(row.id), userId: String(row.user_id) };
  };
}

function toFinding(row: SqlRow): KeyFinding {
  if (row.revoked_at_ms !== null) return { kind: 'revoked' };
  if (row.disabled_at_ms !== null) return { kind: 'disabled' };
  return {
    kind: 'key',
    key: {
      id: String(row.id),
      userId: String(row.user_id),
      planType: String(row.plan_type),
      models: toSet(row.models),
      providers: toSet(row.providers),
      requestsPerMinute: row.requests_per_minute as number | null,
      tokensPerMinute: row.tokens_per_minute as number | null,
      concurrency: row.concurrency as number | null,
      budgetMicro: row.budget_micro as number | null,
      expiresAtMs: row.expires_at_ms as number | null,
    },
  };
}

function toSet(json: unknown): ReadonlySet<string> | null {
  return json === null ? null : new Set(JSON.parse(String(json)) as readonly string[]);
}
