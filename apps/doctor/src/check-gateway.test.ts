import { describe, expect, test } from 'vitest';
import { checkGateway } from './check-gateway.ts';
import { deploymentThatSays, scriptedDeployment } from './deployment-fixture.ts';

const healthy = { text: '{"status":"healthy","version":"1.2.3"}' };

describe('the check of the gateway', () => {
  test('is ok where the gateway is ready, and tells its version', async () => {
    expect(await checkGateway(deploymentThatSays(healthy))).toEqual({
      status: 'ok',
      answer: 'http://gateway:8000 is ready, version 1.2.3',
    });
  });

  test('fails where nobody answers', async () => {
    expect(await checkGateway(deploymentThatSays({ why: 'refuses connections' }))).toMatchObject({
      status: 'fail',
      answer: 'http://gateway:8000 refuses connections',
      next: expect.stringContaining('--url'),
    });
  });

  test.each([
    ['a page', '<html>hello</html>'],
    ['a list', '[]'],
    ['JSON without a status', '{}'],
    ['nothing', ''],
  ])('fails where %s answers in its place', async (_, text) => {
    expect(await checkGateway(deploymentThatSays({ text }))).toMatchObject({
      status: 'fail',
      answer: 'http://gateway:8000 answers 200, but not as a gateway does',
    });
  });

  test('fails where it drains', async () => {
    const draining = { status: 503, text: '{"status":"unhealthy"}' };
    expect(await checkGateway(deploymentThatSays(draining))).toMatchObject({
      status: 'fail',
      answer: 'http://gateway:8000 is not ready (503)',
    });
  });

  test('fails where it is ready and says that it is not well', async () => {
    const deployment = scriptedDeployment(({ pathname }) =>
      pathname === '/health' ? { status: 503, text: '{"status":"unhealthy"}' } : healthy,
    );
    expect(await checkGateway(deployment)).toMatchObject({
      status: 'fail',
      answer: 'http://gateway:8000 says that it is unhealthy',
    });
  });
});
