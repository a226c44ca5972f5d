import { describe, expect, test } from 'vitest';
import { checkDuplicates } from './check-duplicates.ts';
import { prometheusThatHas, scriptedDeployment } from './deployment-fixture.ts';

type Pair = readonly [job: string, instance: string];

async function check(sources: readonly Pair[], gateways: readonly Pair[]): Promise<unknown> {
  const count = ([job, instance]: Pair): [string, string, number] => [job, instance, 17];
  const script = prometheusThatHas({
    gatewayz_metrics_series: gateways.map(count),
    gatewayz_health_service_up: sources.map(count),
  });
  return checkDuplicates(scriptedDeployment(script));
}

describe('the check of duplicates', () => {
  test('is ok with one source', async () => {
    expect(await check([['gw', 'a:1']], [['gw', 'a:1']])).toEqual({
      status: 'ok',
      answer: 'none: job gw alone, one instance',
    });
  });

  test('takes replicas of one job for none', async () => {
    const replicas: readonly Pair[] = [
      ['gw', 'a:1'],
      ['gw', 'b:1'],
    ];
    expect(await check(replicas, replicas)).toMatchObject({ status: 'ok' });
  });

  test.each<[string, readonly Pair[], readonly Pair[]]>([
    [
      'an exporter under its own job',
      [
        ['old', 'x:9'],
        ['gw', 'a:1'],
      ],
      [['gw', 'a:1']],
    ],
    [
      'an exporter under the same job',
      [
        ['gw', 'x:9'],
        ['gw', 'a:1'],
      ],
      [['gw', 'a:1']],
    ],
    [
      'a gateway that is scraped by two jobs',
      [
        ['gw', 'a:1'],
        ['gw2', 'a:1'],
      ],
      [
        ['gw', 'a:1'],
        ['gw2', 'a:1'],
      ],
    ],
  ])('fails with %s', async (_, sources, gateways) => {
    expect(await check(sources, gateways)).toMatchObject({
      status: 'fail',
      answer: expect.stringMatching(/^the same metrics come from job \w+ \(.*\) and job \w+ \(.*\)$/),
    });
  });

  test('knows a gateway whose job was renamed for these metrics alone', async () => {
    expect(await check([['old', 'a:1']], [['gw', 'a:1']])).toMatchObject({ status: 'ok' });
  });

  test('warns where the exporter alone is left with the names', async () => {
    expect(await check([['old', 'x:9']], [['gw', 'a:1']])).toMatchObject({
      status: 'warn',
      answer: "job old (x:9) alone exports the health service's metrics",
    });
  });

  test('looks at the series of this deployment alone, where the configuration says which those are', async () => {
    const settings = { prometheusSelector: 'env="live"' };
    const deployment = scriptedDeployment(prometheusThatHas({}), settings);
    await checkDuplicates(deployment);
    const queries = deployment.asked.map(({ place }) => new URL(place.url).searchParams.get('query'));
    expect(queries).toEqual([
      expect.stringMatching(/_scrape_errors_total", env="live"}\)$/),
      'count by (job, instance) (gatewayz_metrics_series{env="live"})',
    ]);
  });

  test('cannot say where there is nothing', async () => {
    expect(await check([], [])).toMatchObject({ status: 'skipped' });
  });
});
