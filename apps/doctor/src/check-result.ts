/** What one check found: a plain answer, and what to do next wherever something is left to do. */
export type CheckResult =
  | { readonly status: 'ok'; readonly answer: string }
  | { readonly status: 'warn' | 'fail' | 'skipped'; readonly answer: string; readonly next: string };

/** A result under the name of its check. */
export type NamedResult = CheckResult & { readonly name: string };

/** All is well. */
export function ok(answer: string): CheckResult {
  return { status: 'ok', answer };
}

/** Worth a look; does not make the doctor fail. */
export function warn(answer: string, next: string): CheckResult {
  return { status: 'warn', answer, next };
}

/** Broken. */
export function fail(answer: string, next: string): CheckResult {
  return { status: 'fail', answer, next };
}

/** Could not be judged, since nobody said where to look. */
export function skipped(answer: string, next: string): CheckResult {
  return { status: 'skipped', answer, next };
}

/** Ends a check early with what it has found. */
export class CheckEnded extends Error {
  readonly result: CheckResult;

  constructor(result: CheckResult) {
    super(result.answer);
    this.name = 'CheckEnded';
    this.result = result;
  }
}
