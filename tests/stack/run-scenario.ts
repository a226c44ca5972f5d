import { isDeepStrictEqual } from 'node:util';
import type { Notice } from './alert-receiver.ts';
import type { Alerting } from './alerting.ts';
import type { Fault, Scenario } from './scenario.ts';
import { FACTOR } from './shorten.ts';

/** How a fault went, up to the first thing that was not right. */
export interface FaultResult {
  readonly env: string;
  readonly fault: Fault;
  /** What somebody was told when it began. */
  readonly notice: Notice | null;
  readonly hasCleared: boolean;
  readonly problem: string | null;
}

/** For a machine that does other things as well; it has nothing to do with what an alert promises. */
const ALLOWANCE_MS = 20_000;
const CLEARS_WITHIN_MS = 90_000;

function limitMs({ withinMinutes, unshortenedSeconds = 0 }: Fault): number {
  return (withinMinutes * 60_000) / FACTOR + 1000 * unshortenedSeconds + ALLOWANCE_MS;
}

async function runFault(env: string, fault: Fault, { receiver, prometheus }: Alerting): Promise<FaultResult> {
  const isFiring =
    (afterMs: number) =>
    ({ atMs, status, labels }: Notice): boolean =>
      atMs >= afterMs &&
      status === 'firing' &&
      labels.alertname === fault.alert &&
      (labels.env ?? '') === env &&
      (fault.instance === undefined || labels.instance === fault.instance);
  /** Others of the same name may end before it does. */
  const isEndOf =
    (firing: Notice) =>
    ({ atMs, status, labels }: Notice): boolean =>
      atMs >= firing.atMs && status === 'resolved' && isDeepStrictEqual(labels, firing.labels);
  let notice: Notice | null = null;
  try {
    const begunAtMs = performance.now();
    await fault.begin(prometheus);
    notice = await receiver.waitFor(isFiring(begunAtMs), `${fault.alert} of ${env}`, limitMs(fault));
    await fault.end();
    await receiver.waitFor(isEndOf(notice), `the end of ${fault.alert} of ${env}`, CLEARS_WITHIN_MS);
    return { env, fault, notice, hasCleared: true, problem: null };
  } catch (error) {
    await fault.end().catch(() => undefined);
    return { env, fault, notice, hasCleared: false, problem: String(error) };
  }
}

/** Lets every fault of a scenario happen and end. */
export async function runScenario(
  { env, faults: lists, goodSamples = 0 }: Scenario,
  alerting: Alerting,
): Promise<readonly FaultResult[]> {
  if (goodSamples > 0) {
    const samples = `count_over_time(slo:availability:requests_per_second{env="${env}"}[1h])`;
    await alerting.prometheus.waitUntil(samples, (count) => count >= goodSamples);
  }
  const running = lists.map(async (faults) => {
    const results: FaultResult[] = [];
    for (const fault of faults) results.push(await runFault(env, fault, alerting));
    return results;
  });
  return (await Promise.all(running)).flat();
}
