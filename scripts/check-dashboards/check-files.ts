import { readFileSync } from 'node:fs';
import { type CheckedQuery, checkQuery, type QueryStatus } from './check-query.ts';
import { DashboardFileError, type ReadDashboard } from './found-query.ts';
import type { PrometheusApi } from './prometheus-api.ts';
import { readDashboard } from './read-dashboard.ts';

export type CheckedFile =
  | {
      readonly kind: 'dashboard';
      readonly file: string;
      readonly title: string;
      readonly queries: readonly CheckedQuery[];
      readonly others: number;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'unreadable'; readonly file: string; readonly message: string };

const AT_ONCE = 4;

/** Does `work` on all of them, so many at once, and keeps their order. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

function readFile(file: string): ReadDashboard | { readonly message: string } {
  try {
    return readDashboard(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof DashboardFileError) return { message: error.message };
    if (error instanceof Error && 'code' in error) return { message: `cannot be read: ${error.message}` };
    throw error;
  }
}

/** Checks every query of a dashboard's file. */
export async function checkFile(
  prometheus: PrometheusApi,
  file: string,
  hours: number,
): Promise<CheckedFile> {
  const read = readFile(file);
  if ('message' in read) return { kind: 'unreadable', file, message: read.message };
  const { title, others, notes, variables } = read;
  const queries = await inTurns(read.queries, (query) => checkQuery(prometheus, query, variables, hours));
  return { kind: 'dashboard', file, title, queries, others, notes };
}

/** How many queries of all files ended how. */
export function countStatuses(files: readonly CheckedFile[]): Readonly<Record<QueryStatus, number>> {
  const counts: Record<QueryStatus, number> = {
    data: 0,
    empty: 0,
    'unknown metric': 0,
    invalid: 0,
    unresolved: 0,
  };
  for (const checked of files) {
    for (const { status } of checked.kind === 'dashboard' ? checked.queries : []) counts[status] += 1;
  }
  return counts;
}

/** Whether something is wrong: a query that can never answer, a file that is none; where strict, an empty answer too. */
export function hasFailed(files: readonly CheckedFile[], isStrict: boolean): boolean {
  const counts = countStatuses(files);
  const failures = counts.invalid + counts['unknown metric'] + (isStrict ? counts.empty : 0);
  return failures > 0 || files.some(({ kind }) => kind === 'unreadable');
}
