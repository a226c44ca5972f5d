import { CheckEnded, type CheckResult, fail } from './check-result.ts';
import type { Deployment } from './deployment.ts';

/** One question to a deployment; may end early by throwing {@link CheckEnded}. */
export type Check = (deployment: Deployment) => Promise<CheckResult>;

/** What a check finds, also where it ends early or fails itself. Never rejects. */
export async function resultOf(check: Check, deployment: Deployment): Promise<CheckResult> {
  try {
    return await check(deployment);
  } catch (error) {
    if (error instanceof CheckEnded) return error.result;
    const name = error instanceof Error ? error.name : typeof error;
    return fail(`the check itself failed (${name})`, 'Report this as a bug of the doctor.');
  }
}
