import { type CheckResult, fail, ok } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { below, showPlace } from './place.ts';
import { parseObject } from './read-answer.ts';

const NEXT_SILENT = 'Start the gateway, or say where it is with --url, or with HOST and PORT.';
const NEXT_STRANGER = 'Another program answers there: correct --url, or HOST and PORT.';
const NEXT_DRAINING = 'It is being stopped, or is cut off from work: look at its log, or start it again.';

/** Whether the gateway answers, and takes new work. */
export async function checkGateway({ gateway, ask }: Deployment): Promise<CheckResult> {
  const name = showPlace(gateway);
  const [ready, health] = await Promise.all([
    ask(below(gateway, '/health/ready')),
    ask(below(gateway, '/health')),
  ]);
  if (ready.kind === 'unanswered') return fail(`${name} ${ready.why}`, NEXT_SILENT);
  if (health.kind === 'unanswered') return fail(`${name} ${health.why}`, NEXT_SILENT);
  const body = parseObject(health.text);
  if (typeof body?.status !== 'string' || parseObject(ready.text) === null) {
    return fail(`${name} answers ${health.status}, but not as a gateway does`, NEXT_STRANGER);
  }
  if (ready.status !== 200) return fail(`${name} is not ready (${ready.status})`, NEXT_DRAINING);
  if (health.status !== 200) return fail(`${name} says that it is ${body.status}`, NEXT_DRAINING);
  return ok(`${name} is ready, version ${String(body.version)}`);
}
