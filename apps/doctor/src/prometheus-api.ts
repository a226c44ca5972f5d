import { CheckEnded, type CheckResult, fail, skipped } from './check-result.ts';
import type { Deployment, Settings } from './deployment.ts';
import { below, type Place, showPlace } from './place.ts';
import { type JsonObject, parseObject, readJson, toObject, toObjects } from './read-answer.ts';

/**
 * Selects a metric that nothing but this product exports, one series an instance, whatever the state of its parts;
 * within the deployment's own series.
 */
export function selectMark({ prometheusSelector }: Settings): string {
  const mark = 'gatewayz_metrics_series';
  return prometheusSelector === null ? mark : `${mark}{${prometheusSelector}}`;
}

const NEXT_SILENT = 'Start Prometheus, or correct PROMETHEUS_URL.';
const NEXT_REFUSED = 'Correct user and password in PROMETHEUS_URL.';

/** One element of an instant vector. */
export interface VectorElement {
  readonly job: string;
  readonly instance: string;
  readonly value: number;
}

/** One scrape target that is active. */
export interface ScrapeTarget {
  readonly job: string;
  readonly instance: string;
  readonly scrapeUrl: string;
  readonly isUp: boolean;
  /** Why it is not; empty where Prometheus does not say. */
  readonly lastError: string;
}

/** The Prometheus of the deployment. Ends the check where there is none. */
function requirePrometheus({ prometheus }: Deployment): Place {
  if (prometheus !== null) return prometheus;
  throw new CheckEnded(skipped('PROMETHEUS_URL is not set', 'Set it to have Prometheus checked.'));
}

/** An instant query. Ends the check where it fails. */
export async function query(deployment: Deployment, expression: string): Promise<readonly VectorElement[]> {
  const place = below(requirePrometheus(deployment), '/api/v1/query');
  const url = new URL(place.url);
  url.searchParams.set('query', expression);
  const peer = { place: { ...place, url: url.href }, whenSilent: NEXT_SILENT, whenRefused: NEXT_REFUSED };
  const data = toObject((await readJson(deployment, peer)).data);
  if (data?.resultType !== 'vector') throw new CheckEnded(notPrometheus(place));
  return toObjects(data.result).map(({ metric, value }) => ({
    ...readLabels(toObject(metric)),
    value: Number(Array.isArray(value) ? value[1] : Number.NaN),
  }));
}

/** The active targets; null where the store has no such list, as those that only speak PromQL. Ends the check else. */
export async function readTargets(deployment: Deployment): Promise<readonly ScrapeTarget[] | null> {
  const place = below(requirePrometheus(deployment), '/api/v1/targets');
  const url = new URL(place.url);
  url.searchParams.set('state', 'active');
  const answer = await deployment.ask({ ...place, url: url.href });
  if (answer.kind === 'unanswered')
    throw new CheckEnded(fail(`${showPlace(place)} ${answer.why}`, NEXT_SILENT));
  if (answer.status !== 200) return null;
  const data = toObject(parseObject(answer.text)?.data);
  if (data === null) throw new CheckEnded(notPrometheus(place));
  return toObjects(data.activeTargets).map(({ labels, scrapeUrl, health, lastError }) => ({
    ...readLabels(toObject(labels)),
    scrapeUrl: String(scrapeUrl),
    isUp: health === 'up',
    lastError: typeof lastError === 'string' ? lastError : '',
  }));
}

function readLabels(labels: JsonObject | null): { readonly job: string; readonly instance: string } {
  return { job: String(labels?.job ?? ''), instance: String(labels?.instance ?? '') };
}

function notPrometheus(place: Place): CheckResult {
  return fail(`${showPlace(place)} answers, but not as Prometheus does`, NEXT_SILENT);
}
