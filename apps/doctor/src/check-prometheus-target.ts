import { type CheckResult, fail, ok } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import type { Place } from './place.ts';
import { query, readTargets, type ScrapeTarget, selectMark, type VectorElement } from './prometheus-api.ts';

const NEXT_ABSENT =
  'Add a scrape job for the gateway (docs/migrating-from-the-exporter.md); if there is one, look for it under Status > Targets.';
const NEXT_DOWN = 'Scrape it with the METRICS_TOKEN that it has, from where it can be reached.';

/** Whether Prometheus scrapes this gateway, and gets what it wants. */
export async function checkPrometheusTarget(deployment: Deployment): Promise<CheckResult> {
  const [targets, known] = await Promise.all([
    readTargets(deployment),
    query(deployment, `up and on (job, instance) last_over_time(${selectMark(deployment)}[1h])`),
  ]);
  const ours = targets === null ? known.map(toTarget) : targets.filter(isOurs(deployment.gateway, known));
  if (ours.length === 0) {
    const count = targets === null ? 'no target' : `none of its ${targets.length} targets`;
    return fail(`${count} is known to be this gateway`, NEXT_ABSENT);
  }
  const down = ours.find(({ isUp }) => !isUp);
  if (down !== undefined) {
    const reason = down.lastError === '' ? 'is not up' : `is not up: ${down.lastError}`;
    return fail(`job ${down.job}, instance ${down.instance} ${reason}`, NEXT_DOWN);
  }
  return ok(`up: ${ours.map(({ job, instance }) => `job ${job}, instance ${instance}`).join('; ')}`);
}

/** By its address, or, where Prometheus knows it by another one, by what it has exported. */
function isOurs(gateway: Place, known: readonly VectorElement[]): (target: ScrapeTarget) => boolean {
  const address = toAddress(gateway.url);
  return ({ job, instance, scrapeUrl }) =>
    toAddress(scrapeUrl) === address || known.some((one) => one.job === job && one.instance === instance);
}

function toAddress(url: string): string {
  if (!URL.canParse(url)) return '';
  const { protocol, hostname, port } = new URL(url);
  const isLoopback = hostname === 'localhost' || hostname === '[::1]';
  return `${isLoopback ? '127.0.0.1' : hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

function toTarget({ job, instance, value }: VectorElement): ScrapeTarget {
  return { job, instance, scrapeUrl: '', isUp: value === 1, lastError: '' };
}
