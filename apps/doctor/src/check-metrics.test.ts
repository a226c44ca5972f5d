import { describe, expect, test } from 'vitest';
import { checkMetrics } from './check-metrics.ts';
import { deploymentThatSays, scrapeText } from './deployment-fixture.ts';
import { resultOf } from './result-of.ts';

async function check(text: string): Promise<unknown> {
  return resultOf(checkMetrics, deploymentThatSays({ text }));
}

describe('the check of the metrics', () => {
  test('is ok where every name is there', async () => {
    expect(await check(scrapeText())).toEqual({
      status: 'ok',
      answer: 'every metric of the contract is at http://gateway:8000/metrics',
    });
  });

  test.each([
    'fastapi_requests_total',
    'tokens_used_total',
    'provider_availability',
    'gatewayz_health_service_up',
  ])('fails where %s is not there', async (name) => {
    const text = scrapeText((line) => (line.includes(name) ? null : line));
    expect(await check(text)).toMatchObject({
      status: 'fail',
      answer: `http://gateway:8000/metrics lacks ${name}`,
    });
  });

  test('fails where a gauge of the health service has no value, and names no more than three', async () => {
    const one = scrapeText((line) => (line.startsWith('gatewayz_health_total_models') ? null : line));
    expect(await check(one)).toMatchObject({
      status: 'fail',
      answer: 'http://gateway:8000/metrics has no value for gatewayz_health_total_models',
    });
    const many = scrapeText((line) => (line.startsWith('gatewayz_') ? null : line));
    expect(await check(many)).toMatchObject({
      answer: expect.stringMatching(/for gatewayz_\w+, gatewayz_\w+, gatewayz_\w+ and \d+ more$/),
    });
  });

  test.each(['', '<html><body>404</body></html>', '\0\0\0', '{}'.repeat(1000)])(
    'fails where what comes is no scrape',
    async (text) => {
      expect(await check(text)).toMatchObject({
        status: 'fail',
        answer: 'http://gateway:8000/metrics has no metric of ours',
      });
    },
  );

  test('fails on a wrong token, and says which', async () => {
    expect(await resultOf(checkMetrics, deploymentThatSays({ status: 401 }))).toEqual({
      status: 'fail',
      answer: 'http://gateway:8000/metrics answers 401',
      next: expect.stringContaining('METRICS_TOKEN'),
    });
  });
});
