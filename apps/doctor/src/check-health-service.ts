import { type CheckResult, fail, ok } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { below, type Place, showPlace } from './place.ts';
import { readJson } from './read-answer.ts';
import { scrape } from './scrape.ts';

/** Whether the health service answers: asked itself, or through the gateway's gauge where it runs inside of it. */
export function checkHealthService(deployment: Deployment): Promise<CheckResult> {
  const { healthService } = deployment;
  switch (healthService.kind) {
    case 'elsewhere':
      return checkElsewhere(deployment, below(healthService.place, '/health'));
    case 'embedded':
      return checkEmbedded(deployment);
    case 'none':
      return Promise.resolve(
        fail('none is configured', 'Set HEALTH_SERVICE_URL, or healthService.embedded to true.'),
      );
    default:
      return healthService satisfies never;
  }
}

async function checkElsewhere(deployment: Deployment, place: Place): Promise<CheckResult> {
  const next = 'Start it (npm run health-service), or correct HEALTH_SERVICE_URL.';
  const { status } = await readJson(deployment, { place, whenSilent: next, whenRefused: next });
  if (typeof status !== 'string') return fail(`${showPlace(place)} answers without a status`, next);
  return ok(`${showPlace(place)} says ${status}`);
}

async function checkEmbedded(deployment: Deployment): Promise<CheckResult> {
  const { series } = await scrape(deployment);
  const up = series.get('gatewayz_health_service_up')?.[0]?.value;
  if (up === 1) return ok('runs inside the gateway, and answers it');
  const answer = up === 0 ? 'does not answer the gateway that it runs in' : 'has never answered the gateway';
  return fail(answer, 'Look for "health service" in the log of the gateway; a restart starts it again.');
}
