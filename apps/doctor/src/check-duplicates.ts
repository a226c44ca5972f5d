import { healthServiceCatalogue } from '@gatewayz/observability';
import { type CheckResult, fail, ok, skipped, warn } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { query, selectMark, type VectorElement } from './prometheus-api.ts';

/** The names that the separate exporter had, too: all but those of polling. */
const SHARED_NAMES = healthServiceCatalogue
  .map(({ name }) => name)
  .filter((name) => !/^gatewayz_health_(?:poll|data|dropped)_/.test(name));

const GUIDE = 'docs/migrating-from-the-exporter.md';

/** Whether each of the health service's series comes from the gateway alone, and not from an exporter as well. */
export async function checkDuplicates(deployment: Deployment): Promise<CheckResult> {
  const { prometheusSelector } = deployment;
  const within = prometheusSelector === null ? '' : `, ${prometheusSelector}`;
  const [sources, gateways] = await Promise.all([
    query(deployment, `count by (job, instance) ({__name__=~"${SHARED_NAMES.join('|')}"${within}})`),
    query(deployment, `count by (job, instance) (${selectMark(deployment)})`),
  ]);
  // By the instance alone: a job may have been renamed for the sake of dashboards that name the exporter's.
  const isGateway = ({ instance }: VectorElement): boolean =>
    gateways.some((one) => one.instance === instance);
  const strangers = sources.filter((source) => !isGateway(source));
  if (sources.length === 0) {
    return skipped('Prometheus has no series of the health service', 'See what the other checks say.');
  }
  if (strangers.length === sources.length) {
    const answer = `${list(strangers)} alone exports the health service's metrics`;
    return warn(answer, `Right during a migration; then let the gateway's pass: ${GUIDE}.`);
  }
  const jobs = new Set(sources.map(({ job }) => job));
  if (strangers.length > 0 || jobs.size > 1) {
    const next = `Remove the exporter's scrape job, or drop these names from one of them: ${GUIDE}.`;
    return fail(`the same metrics come from ${list(sources)}`, next);
  }
  const replicas = sources.length === 1 ? 'one instance' : `${sources.length} replicas`;
  return ok(`none: job ${[...jobs].join()} alone, ${replicas}`);
}

function list(sources: readonly VectorElement[]): string {
  const names = sources.map(({ job, instance }) => `job ${job} (${instance})`).toSorted();
  return names.join(' and ');
}
