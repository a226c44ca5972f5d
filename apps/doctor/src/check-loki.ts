import { type CheckResult, fail, ok, skipped, warn } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { below, showPlace } from './place.ts';

/** Whether Loki answers: by `/ready`, or by a read of labels where the first is not served. */
export async function checkLoki({ loki, ask }: Deployment): Promise<CheckResult> {
  if (loki === null) return skipped('LOKI_URL is not set', 'Set it to have Loki checked.');
  const name = showPlace(loki);
  const ready = await ask(below(loki, '/ready'));
  if (ready.kind === 'unanswered') {
    return fail(`${name} ${ready.why}`, 'Start Loki, or correct LOKI_URL; until then log lines are dropped.');
  }
  if (ready.status === 200) return ok(`${name} is ready`);
  const labels = await ask(below(loki, '/loki/api/v1/labels'));
  if (labels.kind === 'answered' && labels.status === 200) {
    if (ready.status !== 503) return ok(`${name} answers`);
    return warn(
      `${name} answers, but is not ready (503)`,
      'Wait a minute after its start; else see its log.',
    );
  }
  const status = labels.kind === 'answered' ? labels.status : ready.status;
  if (status === 401 || status === 403) {
    return fail(`${name} refuses the credentials (${status})`, 'Correct user and password in LOKI_URL.');
  }
  return fail(`${name} answers ${status}`, 'Correct LOKI_URL: its base, or the whole push URL.');
}
