import type { DatabaseMetrics, DatabaseQuery } from '../database-metrics.ts';
import type { ModuleErrors } from './module-errors.ts';

/** Runs a query and counts it with its time, whatever comes of it; hands on what it returns or throws. */
export type WrapDatabase = <T>(query: DatabaseQuery, run: () => T) => T;

/** Creates what times the queries of one application. */
export function createQueryTimer(
  database: DatabaseMetrics,
  errors: ModuleErrors,
  now: () => number,
): WrapDatabase {
  function end(query: DatabaseQuery, startedAt: number): void {
    try {
      database.query(query, (now() - startedAt) / 1000);
    } catch (error) {
      errors.note('database', error);
    }
  }
  return <T>(query: DatabaseQuery, run: () => T): T => {
    const startedAt = now();
    let result: T;
    try {
      result = run();
    } catch (error) {
      end(query, startedAt);
      throw error;
    }
    if (!isThenable(result)) {
      end(query, startedAt);
      return result;
    }
    // Query builders begin their work with `then`: that they are called once is why the promise is handed on.
    return result.then(
      (value: unknown) => {
        end(query, startedAt);
        return value;
      },
      (error: unknown) => {
        end(query, startedAt);
        throw error;
      },
    ) as T;
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
