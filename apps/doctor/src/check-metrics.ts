import {
  healthServiceCatalogue,
  httpCatalogue,
  inferenceCatalogue,
  providerCatalogue,
} from '@gatewayz/observability';
import { type CheckResult, fail, ok } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { showPlace } from './place.ts';
import { type Scrape, scrape } from './scrape.ts';

const CATALOGUE = [...httpCatalogue, ...inferenceCatalogue, ...providerCatalogue, ...healthServiceCatalogue];

const NEXT_STRANGER = 'Update the gateway, or correct --url: what answers there is not this version of it.';
const NEXT_ABSENT = 'See the checks of the health service and of freshness: old values are taken out.';

/** Whether every metric of the contract is there, and every gauge of the health service has its value. */
export async function checkMetrics(deployment: Deployment): Promise<CheckResult> {
  const found = await scrape(deployment);
  const undeclared = CATALOGUE.map(({ name }) => name).filter((name) => !found.families.has(name));
  const name = showPlace(deployment.metrics);
  if (undeclared.length === CATALOGUE.length) return fail(`${name} has no metric of ours`, NEXT_STRANGER);
  if (undeclared.length > 0) return fail(`${name} lacks ${listNames(undeclared)}`, NEXT_STRANGER);
  const absent = namesWithoutValue(found);
  if (absent.length > 0) return fail(`${name} has no value for ${listNames(absent)}`, NEXT_ABSENT);
  return ok(`every metric of the contract is at ${name}`);
}

/** Labelled metrics may have no series where there is nothing to tell. */
function namesWithoutValue({ series }: Scrape): readonly string[] {
  return healthServiceCatalogue
    .filter(({ labels, type }) => labels.length === 0 && type !== 'histogram')
    .map(({ name }) => name)
    .filter((name) => !series.has(name));
}

const SHOWN = 3;

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length <= SHOWN ? shown : `${shown} and ${names.length - SHOWN} more`;
}
