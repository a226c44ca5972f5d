import { type CheckResult, ok, warn } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { below } from './place.ts';
import { readJson, toObjects } from './read-answer.ts';

/** Whether the gateway holds any provider for down. */
export async function checkProviders(deployment: Deployment): Promise<CheckResult> {
  const next = 'See what the check of the gateway says, and the log of the gateway.';
  const place = below(deployment.gateway, '/health/dashboard');
  const page = await readJson(deployment, { place, whenSilent: next, whenRefused: next });
  const providers = toObjects(page.providers);
  if (providers.length === 0) return warn('the gateway knows none', 'Configure one: docs/configuration.md.');
  const down = providers.filter(({ status }) => status === 'down').map(({ name }) => String(name));
  if (down.length > 0) {
    const answer = `${down.length} of ${providers.length} down: ${down.join(', ')}`;
    return warn(answer, 'GET /health/dashboard tells since when and why; requests go to the others.');
  }
  const degraded = providers.filter(({ status }) => status === 'degraded').length;
  const suffix = degraded === 0 ? '' : `, ${degraded} degraded`;
  return ok(`none of ${providers.length} is down${suffix}`);
}
