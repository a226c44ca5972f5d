import { describe, expect, test } from 'vitest';
import { checkLoki } from './check-loki.ts';
import { deploymentThatSays, type ScriptedAnswer, scriptedDeployment } from './deployment-fixture.ts';

describe('the check of Loki', () => {
  test.each<[ScriptedAnswer, ScriptedAnswer, string, string]>([
    [{ status: 200 }, { status: 500 }, 'ok', 'http://loki:3100 is ready'],
    [{ status: 404 }, { status: 200 }, 'ok', 'http://loki:3100 answers'],
    [{ status: 503 }, { status: 200 }, 'warn', 'http://loki:3100 answers, but is not ready (503)'],
    [{ status: 503 }, { status: 500 }, 'fail', 'http://loki:3100 answers 500'],
    [{ status: 401 }, { status: 401 }, 'fail', 'http://loki:3100 refuses the credentials (401)'],
    [{ status: 404 }, { why: 'resets the connection' }, 'fail', 'http://loki:3100 answers 404'],
    [{ why: 'refuses connections' }, { status: 200 }, 'fail', 'http://loki:3100 refuses connections'],
  ])('from %j at /ready and %j at labels says %s', async (ready, labels, status, answer) => {
    const deployment = scriptedDeployment(({ pathname }) =>
      pathname === '/ready' ? ready : pathname === '/loki/api/v1/labels' ? labels : null,
    );
    expect(await checkLoki(deployment)).toMatchObject({ status, answer });
  });

  test('is skipped where there is no Loki', async () => {
    expect(await checkLoki(deploymentThatSays({}, { loki: null }))).toMatchObject({ status: 'skipped' });
  });
});
