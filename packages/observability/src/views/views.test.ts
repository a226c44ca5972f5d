import { spawnSync } from 'node:child_process';
import {
  createManualClock,
  histogramProblems,
  type ManualClock,
  parseExposition,
  readMetrics,
} from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import { serveRequests, startViewsRig as startRig, type ViewsRig } from './test-support/views-rig.ts';
import { TEXT_VIEWS } from './view-definition.ts';
import { viewDefinitions } from './view-definitions.ts';
import type { ViewsOptions } from './views-options.ts';

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

async function startViewsRig(
  options: Partial<ViewsOptions> = {},
): Promise<ViewsRig & { readonly clock: ManualClock }> {
  const clock = createManualClock(1_000_000);
  return { ...(await startRig(clock, options)), clock };
}

async function startBusyRig() {
  const rig = await startViewsRig();
  await rig.clock.advanceAsync(14_000);
  serveRequests(rig.http, 27);
  serveRequests(rig.http, 3, 500);
  rig.http.exception(new TypeError('no'));
  const target = rig.inference.target('groq', 'a"b\\c\nd');
  target.succeeded.inc(3);
  target.failed.inc();
  target.attempts.success.inc(4);
  target.duration.observe(2);
  target.timeToFirstChunk.observe(0.3);
  target.inputTokens.inc(70);
  target.outputTokens.inc(30);
  rig.inference.target('local', 'small').succeeded.inc();
  rig.providers.provider('groq').responded(0.2);
  rig.providers
    .provider('groq')
    .set({ availability: 1, errorRate: 0.1, score: 0.97, samples: 4, state: 'closed' });
  rig.providers
    .provider('slow')
    .set({ availability: 1, errorRate: 0, score: 0.7, samples: 2, state: 'half_open' });
  rig.providers
    .provider('gone')
    .set({ availability: 0, errorRate: 0.5, score: 0.15, samples: 2, state: 'open' });
  await rig.clock.advanceAsync(1000);
  return rig;
}

describe('the summary', () => {
  test('has the numbers of the traffic, and null for what nobody measures', async () => {
    const { summary } = await startBusyRig();
    expect(await summary()).toEqual({
      timestamp: new Date(1_900_001_015_000).toISOString(),
      source: 'local',
      age_seconds: 0,
      partial: false,
      metrics: {
        http: {
          total_requests: 30,
          request_rate_per_minute: 6,
          error_rate: 0.1,
          avg_latency_ms: 30,
          in_progress: 0,
        },
        models: {
          total_inference_requests: 5,
          tokens_used_total: 100,
          credits_used_total: null,
          avg_inference_latency_ms: 2000,
        },
        providers: {
          total_providers: 3,
          healthy_providers: 1,
          degraded_providers: 1,
          unavailable_providers: 1,
          avg_error_rate: 0.2,
          avg_response_time_ms: 200,
        },
        database: { total_queries: null, avg_query_latency_ms: null, cache_hit_rate: null },
        business: {
          active_api_keys: null,
          active_subscriptions: null,
          active_trials: null,
          total_tokens_used: 100,
          total_credits_used: null,
        },
      },
    });
  });

  test('knows nothing before the first request, and makes up no zero', async () => {
    const { summary } = await startViewsRig();
    const { http, models, providers } = (await summary()).metrics;
    expect(new Set([...Object.values(http), ...Object.values(models), ...Object.values(providers)])).toEqual(
      new Set([null]),
    );
  });

  test('says 0 where it is known: no errors among requests, a cache that was never hit', async () => {
    const { clock, registry, http, summary } = await startViewsRig();
    serveRequests(http, 1);
    registry
      .counter({ name: 'cache_misses_total', help: 'M.', labels: ['cache_name'] })
      .labels({ cache_name: 'a' });
    await clock.advanceAsync(20_000);
    registry.samples();
    const { metrics } = await summary();
    expect(metrics.http.error_rate).toBe(0);
    expect(metrics.database.cache_hit_rate).toBeNull();
  });

  test('with a filter has only what the filter narrows', async () => {
    const { summary } = await startBusyRig();
    const { http, models, providers } = (await summary('provider=gone')).metrics;
    expect(providers).toMatchObject({ total_providers: 1, unavailable_providers: 1, avg_error_rate: 0.5 });
    expect(models.total_inference_requests).toBeNull();
    expect(http.total_requests).toBeNull();
    expect((await summary('model=large')).metrics.models.total_inference_requests).toBeNull();
    expect((await summary('model=small')).metrics.models.total_inference_requests).toBe(1);
  });

  test('an hour after the last request still has the totals, and no rate but 0', async () => {
    const { clock, summary } = await startBusyRig();
    await clock.advanceAsync(3_600_000);
    const { http } = (await summary()).metrics;
    expect(http).toMatchObject({
      total_requests: 30,
      request_rate_per_minute: 0,
      error_rate: null,
      avg_latency_ms: null,
    });
    expect((await summary('window=1h')).metrics.http.total_requests).toBe(30);
  });

  test('a longer window reaches further back', async () => {
    const { clock, http, summary } = await startViewsRig();
    await clock.advanceAsync(30_000);
    serveRequests(http, 60);
    await clock.advanceAsync(600_000);
    const rate = async (window: string) =>
      (await summary(`window=${window}`)).metrics.http.request_rate_per_minute;
    expect([await rate('5m'), await rate('1h')]).toEqual([0, 1]);
  });
});

describe('the text views', () => {
  test.each(TEXT_VIEWS)('%s is valid, every family once, and ends in where it comes from', async (view) => {
    const { ask } = await startBusyRig();
    const { status, headers, body } = await ask(view);
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(headers).toMatchObject({
      'x-gatewayz-source': 'local',
      'x-gatewayz-age-seconds': '0',
      'x-gatewayz-partial': 'false',
      'content-length': String(body.length),
    });
    const metrics = readMetrics(body.toString());
    expect(metrics.value('gatewayz_view_source', { source: 'local' })).toBe(1);
    expect([metrics.value('gatewayz_view_age_seconds'), metrics.value('gatewayz_view_partial')]).toEqual([
      0, 0,
    ]);
    expect(histogramProblems(metrics)).toEqual([]);
  });

  test.skipIf(!hasPromtool).each(TEXT_VIEWS)('promtool has nothing against %s', async (view) => {
    const { text } = await startBusyRig();
    const input = await text(view);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    });
    expect([status, `${stdout}${stderr}`]).toEqual([0, '']);
  });

  test('all has what the others have, with the same values', async () => {
    const { text } = await startBusyRig();
    const lines = async (view: string) => (await text(view)).split('\n').filter((line) => line !== '');
    const all = await lines('all');
    expect(new Set(all).size).toBe(all.length);
    for (const view of TEXT_VIEWS) {
      expect(
        (await lines(view)).filter((line) => !all.includes(line)),
        view,
      ).toEqual([]);
    }
  });

  test('a value is there with its labels, and absent where it is not known', async () => {
    const { text } = await startBusyRig();
    const metrics = readMetrics(await text('all'));
    const model = 'a"b\\c\nd';
    expect(
      metrics.value('gatewayz_model_tokens_total', { provider: 'groq', model, token_type: 'input' }),
    ).toBe(70);
    expect(metrics.value('gatewayz_model_error_ratio', { provider: 'groq', model })).toBe(0.25);
    expect(metrics.value('gatewayz_request_latency_p50_seconds')).toBeCloseTo(0.0375, 10);
    expect(metrics.value('gatewayz_provider_breakers', { provider: 'gone', state: 'open' })).toBe(1);
    expect(metrics.value('gatewayz_http_exceptions_total', { exception_type: 'TypeError' })).toBe(1);
    const shown = new Set(parseExposition(await text('all')).map(({ name }) => name));
    expect(['gatewayz_api_keys', 'gatewayz_cache_hit_ratio'].filter((name) => shown.has(name))).toEqual([]);
    // A model without requests over the window has a rate of 0 but no share of errors.
    expect(
      metrics.value('gatewayz_model_latency_average_seconds', { provider: 'local', model: 'small' }),
    ).toBeUndefined();
  });

  test('a filter leaves one provider', async () => {
    const { text } = await startBusyRig();
    const metrics = readMetrics(await text('providers', 'provider=slow'));
    expect(metrics.series('gatewayz_provider_score_ratio').map(({ labels }) => labels.provider)).toEqual([
      'slow',
    ]);
    expect(metrics.value('gatewayz_known_providers')).toBe(1);
  });
});

describe('docs', () => {
  test('describes every value with its PromQL, over the window that is asked for', async () => {
    const { ask } = await startViewsRig();
    const { headers, body } = await ask('docs', 'window=90s');
    expect(headers['content-type']).toBe('text/markdown; charset=utf-8');
    const page = body.toString();
    for (const { name } of viewDefinitions) expect(page).toContain(`### \`${name}\``);
    expect(page).toContain('rate(fastapi_requests_total[90s])');
    expect(page).toContain('| `http.total_requests` |');
    expect(page).not.toContain('[5m]');
  });
});

describe('an answer', () => {
  test('of the local source is kept for a second', async () => {
    const { clock, http, summary } = await startViewsRig();
    serveRequests(http, 1);
    await clock.advanceAsync(2000);
    expect((await summary()).metrics.http.total_requests).toBe(1);
    serveRequests(http, 1);
    await clock.advanceAsync(900);
    expect(await summary()).toMatchObject({ age_seconds: 0.9, metrics: { http: { total_requests: 1 } } });
    await clock.advanceAsync(200);
    expect(await summary()).toMatchObject({ age_seconds: 0, metrics: { http: { total_requests: 2 } } });
  });

  test('after a stop still comes, and a stopped book takes no more samples', async () => {
    const { clock, views, http, summary } = await startViewsRig();
    views.stop();
    expect(clock.pendingTimers).toBe(0);
    serveRequests(http, 4);
    await clock.advanceAsync(5000);
    expect((await summary()).metrics.http.total_requests).toBe(4);
  });
});
