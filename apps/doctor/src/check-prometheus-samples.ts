import { type CheckResult, fail, ok } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { query, selectMark } from './prometheus-api.ts';

/** Three scrapes at the longest interval that is usual, a minute. */
const MAX_AGE_SECONDS = 180;

const NEXT = 'See what the check of the target says; Status > Targets of Prometheus tells the last error.';

/** Whether the newest sample that Prometheus has of a gateway is of now, by its own clock. */
export async function checkPrometheusSamples(deployment: Deployment): Promise<CheckResult> {
  const ages = await query(deployment, `time() - timestamp(${selectMark(deployment)})`);
  if (ages.length === 0) return fail('there is none of a gateway that is recent', NEXT);
  const age = Math.min(...ages.map(({ value }) => value));
  const words = `the newest is ${Math.round(age)} s old`;
  return age <= MAX_AGE_SECONDS ? ok(words) : fail(words, NEXT);
}
