import type { SqlDialect } from '@gatewayz/database';
import { type FinishedSpan, newSpanId } from '@gatewayz/telemetry';
import {
  ATTR_DB_COLLECTION_NAME,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
} from '@opentelemetry/semantic-conventions';

/**
 * One question to Redis or to the database that a request could not go on without; `cache_put` alone is asked beside its
 * answer. Times by `performance.now()`.
 */
export interface RequestWait {
  readonly asked: 'redis' | 'database';
  readonly operation: 'limit' | 'cache_get' | 'cache_put' | 'select' | 'reserve';
  /** What it was about, as the spans name it; '' where nothing of a name. */
  readonly collection: 'api_keys' | 'ledger' | '';
  readonly startMs: number;
  readonly endMs: number;
}

/** The waits of a request that waited for nothing. */
export const NO_WAITS: readonly RequestWait[] = [];

/** A question to Redis that has just been answered. */
export function toRedisWait(operation: 'limit' | 'cache_get' | 'cache_put', startMs: number): RequestWait {
  return { asked: 'redis', operation, collection: '', startMs, endMs: performance.now() };
}

/** `db.system.name`, as OpenTelemetry's conventions of database spans name them. */
const SYSTEMS: Readonly<Record<SqlDialect, string>> = { sqlite: 'sqlite', postgres: 'postgresql' };

/** The span of a wait, below the request's own; `dialect` is the database's, null where there is none. */
export function toWaitSpan(
  { asked, operation, collection, startMs, endMs }: RequestWait,
  parentSpanId: string,
  dialect: SqlDialect | null,
): FinishedSpan {
  const database = dialect === null ? undefined : SYSTEMS[dialect];
  return {
    name: NAMES[operation],
    kind: 'client',
    spanId: newSpanId(),
    parentSpanId,
    startMs,
    endMs,
    attributes: {
      [ATTR_DB_SYSTEM_NAME]: asked === 'redis' ? 'redis' : database,
      [ATTR_DB_OPERATION_NAME]: operation,
      [ATTR_DB_COLLECTION_NAME]: collection || undefined,
    },
  };
}

const NAMES: Readonly<Record<RequestWait['operation'], string>> = {
  limit: 'redis.limit',
  cache_get: 'redis.cache_get',
  cache_put: 'redis.cache_put',
  select: 'select api_keys',
  reserve: 'ledger.reserve',
};
