import { describe, expect, test } from 'vitest';
import { checkOtlp } from './check-otlp.ts';
import { deploymentThatSays, type ScriptedAnswer } from './deployment-fixture.ts';

describe('the check of the trace receiver', () => {
  test('posts an export of nothing to it', async () => {
    const deployment = deploymentThatSays({});
    expect(await checkOtlp(deployment)).toEqual({
      status: 'ok',
      answer: 'http://tempo:4318/v1/traces takes traces',
    });
    expect(deployment.asked).toMatchObject([
      { place: { url: 'http://tempo:4318/v1/traces' }, post: { emptyBodyOf: 'application/x-protobuf' } },
    ]);
  });

  test.each<[ScriptedAnswer, string, string]>([
    [{ status: 202 }, 'ok', 'takes traces'],
    [{ status: 400 }, 'ok', 'takes traces'],
    [{ status: 403 }, 'fail', 'refuses the credentials (403)'],
    [{ status: 404 }, 'fail', 'answers 404'],
    [{ status: 503 }, 'fail', 'answers 503'],
    [{ why: 'does not answer in time' }, 'fail', 'does not answer in time'],
  ])('takes %j for %s', async (answered, status, answer) => {
    expect(await checkOtlp(deploymentThatSays(answered))).toMatchObject({
      status,
      answer: `http://tempo:4318/v1/traces ${answer}`,
    });
  });

  test('is skipped where there is none', async () => {
    expect(await checkOtlp(deploymentThatSays({}, { otlpTraces: null }))).toMatchObject({
      status: 'skipped',
    });
  });
});
