import { describe, expect, test } from 'vitest';
import { checkPrometheusSamples } from './check-prometheus-samples.ts';
import { checkPrometheusTarget } from './check-prometheus-target.ts';
import { deploymentThatSays, prometheusThatHas, scriptedDeployment } from './deployment-fixture.ts';
import { resultOf } from './result-of.ts';

const target = (instance: string, health = 'up', lastError = ''): object => ({
  labels: { job: 'gw', instance },
  scrapeUrl: `http://${instance}/metrics`,
  health,
  lastError,
});

describe('the check of the target', () => {
  test('knows the gateway by its address', async () => {
    const deployment = scriptedDeployment(prometheusThatHas({}, [target('other:1'), target('gateway:8000')]));
    expect(await checkPrometheusTarget(deployment)).toEqual({
      status: 'ok',
      answer: 'up: job gw, instance gateway:8000',
    });
  });

  test('knows it under another address by what it exported', async () => {
    const known = { 'up and on': [['gw', 'inner:8000', 1]] } as const;
    const targets = [target('inner:8000', 'down', 'server returned HTTP status 401 Unauthorized')];
    expect(await checkPrometheusTarget(scriptedDeployment(prometheusThatHas(known, targets)))).toMatchObject({
      status: 'fail',
      answer: 'job gw, instance inner:8000 is not up: server returned HTTP status 401 Unauthorized',
      next: expect.stringContaining('METRICS_TOKEN'),
    });
  });

  test('fails where no target is the gateway', async () => {
    expect(
      await checkPrometheusTarget(scriptedDeployment(prometheusThatHas({}, [target('other:1')]))),
    ).toMatchObject({ status: 'fail', answer: 'none of its 1 targets is known to be this gateway' });
  });

  test.each([
    [1, 'ok', 'up: job gw, instance a:1'],
    [0, 'fail', 'job gw, instance a:1 is not up'],
  ])('goes by up = %d where the store has no list of targets', async (value, status, answer) => {
    const script = prometheusThatHas({ 'up and on': [['gw', 'a:1', value]] }, null);
    expect(await checkPrometheusTarget(scriptedDeployment(script))).toMatchObject({ status, answer });
  });
});

describe('the check of the samples', () => {
  test.each([
    [[12.4, 290], 'ok', 'the newest is 12 s old'],
    [[181], 'fail', 'the newest is 181 s old'],
    [[], 'fail', 'there is none of a gateway that is recent'],
  ])('takes ages of %j', async (ages, status, answer) => {
    const vector = ages.map((age, index) => ['gw', `a:${index}`, age] as const);
    const script = prometheusThatHas({ 'time() - timestamp': vector });
    expect(await checkPrometheusSamples(scriptedDeployment(script))).toMatchObject({ status, answer });
  });
});

describe.each([checkPrometheusTarget, checkPrometheusSamples])('%o', (check) => {
  test.each([
    [{ why: 'refuses connections' }, /^http:\/\/prometheus:9090\/api\/v1\/\w+ refuses connections$/],
    [{ text: '<html>' }, /answers, but not /],
    [{ text: '{"data":7}' }, /answers, but not /],
    [{ text: '{"data":{"resultType":"scalar","result":[7,"1"]}}' }, /answers, but not /],
  ])('fails where Prometheus gives %j', async (answered, answer) => {
    expect(await resultOf(check, deploymentThatSays(answered))).toMatchObject({
      status: 'fail',
      answer: expect.stringMatching(answer),
    });
  });

  test('survives elements that are none', async () => {
    const text = '{"data":{"resultType":"vector","result":[7,null,{}],"activeTargets":[7,null,{}]}}';
    expect(await resultOf(check, deploymentThatSays({ text }))).toMatchObject({ status: 'fail' });
  });

  test('is skipped where there is no Prometheus', async () => {
    const result = await resultOf(check, deploymentThatSays({}, { prometheus: null }));
    expect(result).toMatchObject({ status: 'skipped', answer: 'PROMETHEUS_URL is not set' });
  });
});
