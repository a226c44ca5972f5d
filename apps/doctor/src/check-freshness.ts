import { type CheckResult, fail, ok } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { type Scrape, scrape } from './scrape.ts';

/** The gateway takes gauges out after as many. */
const MAX_INTERVALS = 3;
const ENDPOINTS = ['/health', '/status', '/metrics', '/cache/stats'];

const NEXT =
  'See "health service" in the log of the gateway for the reason, and whether it reaches HEALTH_SERVICE_URL.';

/** Whether the health service's numbers in the gateway's `/metrics` are of now. */
export async function checkFreshness(deployment: Deployment): Promise<CheckResult> {
  const found = await scrape(deployment);
  const maxSeconds = (MAX_INTERVALS * deployment.pollIntervalMs) / 1000;
  const ages = readAges(found);
  const silent = ENDPOINTS.filter((endpoint) => !ages.has(endpoint));
  if (silent.length > 0) return fail(`no poll of ${silent.join(', ')} has been answered yet`, NEXT);
  const [endpoint = '', age = 0] = [...ages].toSorted(([, one], [, other]) => other - one)[0] ?? [];
  if (!(age <= maxSeconds)) return fail(`${endpoint} answered ${toSeconds(age)} ago`, NEXT);
  const whole = found.series.get('gatewayz_health_service_last_successful_scrape')?.[0]?.value;
  if (whole === undefined) return fail('no poll has been answered as a whole yet', NEXT);
  const wholeAge = Math.max(found.atSeconds - whole, 0);
  if (!(wholeAge <= maxSeconds)) return fail(`the last whole poll was ${toSeconds(wholeAge)} ago`, NEXT);
  return ok(`the last whole poll was ${toSeconds(wholeAge)} ago`);
}

function readAges({ series }: Scrape): ReadonlyMap<string, number> {
  const ages = series.get('gatewayz_health_data_age_seconds') ?? [];
  return new Map(
    ages.map(({ labels, value }) => [/endpoint="([^"]*)"/.exec(labels)?.[1] ?? '', value] as const),
  );
}

function toSeconds(seconds: number): string {
  return `${Math.round(seconds)} s`;
}
