import { describe, expect, test } from 'vitest';
import { checkHealthService } from './check-health-service.ts';
import { deploymentThatSays, scrapeText, scriptedDeployment } from './deployment-fixture.ts';
import { resultOf } from './result-of.ts';

const embedded = { healthService: { kind: 'embedded' } } as const;

describe('the check of the health service', () => {
  test('asks it where its address is known', async () => {
    const deployment = scriptedDeployment(({ host, pathname }) =>
      host === 'health:8001' && pathname === '/health' ? { text: '{"status":"healthy"}' } : null,
    );
    expect(await resultOf(checkHealthService, deployment)).toEqual({
      status: 'ok',
      answer: 'http://health:8001/health says healthy',
    });
  });

  test.each([
    [{ why: 'refuses connections' }, 'http://health:8001/health refuses connections'],
    [{ status: 502 }, 'http://health:8001/health answers 502'],
    [{ text: '<html>' }, 'http://health:8001/health answers, but not with the JSON that is expected'],
    [{ text: '{"state":1}' }, 'http://health:8001/health answers without a status'],
  ])('fails where %j comes back', async (answered, answer) => {
    const next = expect.stringContaining('HEALTH_SERVICE_URL');
    const result = await resultOf(checkHealthService, deploymentThatSays(answered));
    expect(result).toEqual({ status: 'fail', answer, next });
  });

  test.each([
    ['1.0', 'ok', 'runs inside the gateway, and answers it'],
    ['0.0', 'fail', 'does not answer the gateway that it runs in'],
    [null, 'fail', 'has never answered the gateway'],
  ])('believes the gauge of the gateway where it runs inside: %s', async (value, status, answer) => {
    const up = 'gatewayz_health_service_up';
    const text = scrapeText((line) =>
      line.startsWith(`${up} `) ? (value === null ? null : `${up} ${value}`) : line,
    );
    expect(await resultOf(checkHealthService, deploymentThatSays({ text }, embedded))).toMatchObject({
      status,
      answer,
    });
  });

  test('fails where there is none', async () => {
    const deployment = deploymentThatSays({}, { healthService: { kind: 'none' } });
    expect(await resultOf(checkHealthService, deployment)).toMatchObject({
      status: 'fail',
      answer: 'none is configured',
    });
    expect(deployment.asked).toEqual([]);
  });
});
