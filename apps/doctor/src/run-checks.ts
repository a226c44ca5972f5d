import { setTimeout as wait } from 'node:timers/promises';
import { Agent } from 'undici';
import { createAsk } from './ask.ts';
import { checkDuplicates } from './check-duplicates.ts';
import { checkFreshness } from './check-freshness.ts';
import { checkGateway } from './check-gateway.ts';
import { checkHealthService } from './check-health-service.ts';
import { checkLoki } from './check-loki.ts';
import { checkMetrics } from './check-metrics.ts';
import { checkOtlp } from './check-otlp.ts';
import { checkPrometheusSamples } from './check-prometheus-samples.ts';
import { checkPrometheusTarget } from './check-prometheus-target.ts';
import { checkProviders } from './check-providers.ts';
import { type CheckResult, fail, type NamedResult } from './check-result.ts';
import { createCleanText } from './clean-text.ts';
import type { Settings } from './deployment.ts';
import { type Check, resultOf } from './result-of.ts';

/** Every check by its name, in the order of the report. */
const CHECKS: Readonly<Record<string, Check>> = {
  gateway: checkGateway,
  'health service': checkHealthService,
  metrics: checkMetrics,
  freshness: checkFreshness,
  'prometheus target': checkPrometheusTarget,
  'prometheus samples': checkPrometheusSamples,
  duplicates: checkDuplicates,
  loki: checkLoki,
  otlp: checkOtlp,
  providers: checkProviders,
};

const DEADLINE_MS = 5000;
/** How much later than its own requests a check is given up that hangs by itself. */
const GRACE_MS = 500;

/** Runs every check side by side, each with a deadline of its own. Never rejects. */
export async function runChecks(
  settings: Settings,
  checks: Readonly<Record<string, Check>> = CHECKS,
  deadlineMs: number = DEADLINE_MS,
): Promise<readonly NamedResult[]> {
  const agent = new Agent({ connect: { timeout: deadlineMs } });
  const clean = createCleanText(settings.secrets);
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<NamedResult> => {
      const ask = createAsk(agent, AbortSignal.timeout(deadlineMs));
      const found = resultOf(check, { ...settings, ask });
      const result = await withinDeadline(found, deadlineMs + GRACE_MS);
      const answer = clean(result.answer);
      return result.status === 'ok'
        ? { name, status: result.status, answer }
        : { name, status: result.status, answer, next: clean(result.next) };
    }),
  );
  await agent.destroy();
  return results;
}

async function withinDeadline(found: Promise<CheckResult>, deadlineMs: number): Promise<CheckResult> {
  const end = new AbortController();
  const late = wait(deadlineMs, fail('the check did not come to an end', 'Run the doctor again.'), {
    signal: end.signal,
  });
  try {
    return await Promise.race([found, late]);
  } finally {
    late.catch(() => undefined);
    end.abort();
  }
}
