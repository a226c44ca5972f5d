import { createManualClock, type ManualClock } from '@gatewayz/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import {
  answersGarbage,
  answersTooMuch,
  answersWell,
  closeFakes,
  drops,
  EMPTY,
  type FakePrometheus,
  failsForOne,
  hangs,
  isAgeQuery,
  redirects,
  refusesAll,
  startFake,
  vector,
} from './test-support/fake-prometheus.ts';
import { serveRequests, startViewsRig, type ViewsRig } from './test-support/views-rig.ts';
import { VIEWS } from './view-definition.ts';
import type { PrometheusOptions } from './views-options.ts';

const stops: (() => void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await closeFakes();
});

async function startRig(
  fake: FakePrometheus,
  options: Partial<PrometheusOptions> = {},
): Promise<ViewsRig & { readonly clock: ManualClock }> {
  const clock = createManualClock(1_000_000);
  const rig = await startViewsRig(clock, { prometheus: { url: fake.url, ...options } });
  stops.push(() => rig.views.stop());
  serveRequests(rig.http, 7);
  await clock.advanceAsync(1000);
  return { ...rig, clock };
}

/** Waits for a view, moving time to its deadline once the queries that are to come have come. */
async function untilDeadline<T>(clock: ManualClock, work: Promise<T>, waiting: () => boolean): Promise<T> {
  while (!waiting()) await clock.advanceAsync(0);
  await clock.advanceAsync(2000);
  return work;
}

describe('with a Prometheus that answers', () => {
  test('the numbers are its own, and the answer says how old they are', async () => {
    const rig = await startRig(await startFake(answersWell));
    const { status, headers, body } = await rig.ask('summary');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'x-gatewayz-source': 'prometheus',
      'x-gatewayz-age-seconds': '3',
      'x-gatewayz-partial': 'false',
    });
    expect(headers['x-gatewayz-fallback']).toBeUndefined();
    expect(JSON.parse(body.toString())).toMatchObject({
      source: 'prometheus',
      age_seconds: 3,
      partial: false,
      metrics: { http: { total_requests: 42, avg_latency_ms: 42_000 }, business: { active_trials: 42 } },
    });
  });

  test('a hundred callers make one round of queries, which is kept for five seconds', async () => {
    const fake = await startFake(answersWell);
    const rig = await startRig(fake);
    const answers = await Promise.all(Array.from({ length: 100 }, () => rig.ask('summary')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const round = fake.take();
    expect(new Set(round).size).toBe(round.length);
    await rig.clock.advanceAsync(4900);
    expect(await rig.summary()).toMatchObject({ age_seconds: 7.9 });
    expect(fake.take()).toEqual([]);
    await rig.clock.advanceAsync(200);
    await rig.summary();
    expect(fake.take()).toHaveLength(round.length);
    await rig.ask('summary', 'window=10m');
    expect(fake.take().some((promql) => promql.includes('[10m]'))).toBe(true);
  });

  test('what it does not know is unknown, not a zero and not this process’s number', async () => {
    const rig = await startRig(
      await startFake((promql, response) => response.end(isAgeQuery(promql) ? vector('1') : EMPTY)),
    );
    expect(await rig.summary()).toMatchObject({
      source: 'prometheus',
      partial: false,
      metrics: { http: { total_requests: null } },
    });
    expect((await rig.text('system')).includes('gatewayz_http_requests_total')).toBe(false);
  });

  test('NaN and infinity are unknown', async () => {
    for (const value of ['NaN', '+Inf', '-Inf']) {
      const rig = await startRig(await startFake((_, response) => response.end(vector(value))));
      expect((await rig.summary()).metrics.http.total_requests).toBeNull();
    }
  });

  test('the selector is in every query, and the password in no answer', async () => {
    const seen: unknown[] = [];
    const fake = await startFake((promql, response, request) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      answersWell(promql, response, request);
    });
    const url = `${fake.url.replace('http://', 'http://reader:s%C3%A9cret@')}/prom/`;
    const rig = await startRig(fake, { url, selector: 'env="test"' });
    const { body, headers } = await rig.ask('all');
    const basic = `Basic ${Buffer.from('reader:sécret').toString('base64')}`;
    expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify(['POST', '/prom/api/v1/query', basic])]),
    );
    for (const promql of fake.take()) {
      expect(promql.split('env="test"').length - 1, promql).toBe(promql.match(/\{/g)?.length);
    }
    expect(`${body}${JSON.stringify(headers)}`).not.toMatch(/s%C3%A9cret|sécret/);
  });

  test('that never scraped this application, the process speaks for itself', async () => {
    const rig = await startRig(await startFake((_, response) => response.end(EMPTY)));
    const { headers, body } = await rig.ask('summary');
    expect(headers).toMatchObject({ 'x-gatewayz-source': 'local', 'x-gatewayz-fallback': 'no_samples' });
    expect(JSON.parse(body.toString()).metrics.http.total_requests).toBe(7);
  });
});

describe.each([
  ['answers garbage', answersGarbage, 'invalid'],
  ['answers 10 MB', answersTooMuch, 'too_large'],
  ['answers 422 to everything', refusesAll, 'status'],
  ['redirects', redirects, 'status'],
  ['drops its connections', drops, 'network'],
])('with a Prometheus that %s', (_, fails, reason) => {
  test('every view answers for this process, says so, and recovers', async () => {
    const fake = await startFake(fails);
    const rig = await startRig(fake);
    for (const view of VIEWS.filter((name) => name !== 'docs')) {
      const { status, headers } = await rig.ask(view);
      expect([view, status, headers['x-gatewayz-source'], headers['x-gatewayz-fallback']]).toEqual([
        view,
        200,
        'local',
        reason,
      ]);
    }
    expect((await rig.summary()).metrics.http.total_requests).toBe(7);
    fake.take();
    fake.answer = answersWell;
    await rig.clock.advanceAsync(4000);
    expect((await rig.summary()).source).toBe('local');
    expect(fake.take()).toEqual([]);
    await rig.clock.advanceAsync(2000);
    expect((await rig.summary()).source).toBe('prometheus');
  });
});

describe.each([
  ['answers garbage', answersGarbage],
  ['answers 10 MB', answersTooMuch],
  ['answers 422', refusesAll],
  ['drops the connection', drops],
])('with a Prometheus that %s to one query', (_, fails) => {
  test('that number is unknown, the others are there, and the answer is partial', async () => {
    const fake = await startFake(failsForOne(fails));
    const rig = await startRig(fake);
    expect(await rig.summary()).toMatchObject({
      source: 'prometheus',
      partial: true,
      metrics: { http: { total_requests: 42, in_progress: null } },
    });
    const { headers, body } = await rig.ask('system');
    expect(headers['x-gatewayz-partial']).toBe('true');
    expect(body.toString()).toContain('gatewayz_view_partial 1.0');
    expect(body.toString()).not.toContain('gatewayz_http_requests_in_progress');
    fake.answer = answersWell;
    await rig.clock.advanceAsync(5100);
    expect(await rig.summary()).toMatchObject({ partial: false, metrics: { http: { in_progress: 42 } } });
  });
});

describe('with a Prometheus that hangs', () => {
  test('views answer at the deadline, from then on at once, and recover', async () => {
    const fake = await startFake(hangs);
    const rig = await startRig(fake);
    let asked = 0;
    const page = await untilDeadline(rig.clock, rig.summary(), () => {
      asked += fake.take().length;
      return asked > 4;
    });
    expect(page).toMatchObject({ source: 'local', metrics: { http: { total_requests: 7 } } });
    fake.take();
    expect((await rig.ask('all')).headers).toMatchObject({
      'x-gatewayz-source': 'local',
      'x-gatewayz-fallback': 'timeout',
    });
    expect(fake.take()).toEqual([]);
    fake.answer = answersWell;
    await rig.clock.advanceAsync(5100);
    expect((await rig.summary()).source).toBe('prometheus');
  });

  test('in one query, what the others said is there at the deadline', async () => {
    const fake = await startFake(failsForOne(hangs));
    const rig = await startRig(fake);
    let answered = 0;
    const page = await untilDeadline(rig.clock, rig.summary(), () => {
      answered += fake.take().length;
      return answered === 24;
    });
    expect(page).toMatchObject({
      source: 'prometheus',
      partial: true,
      metrics: { http: { total_requests: 42, in_progress: null } },
    });
  });

  test('a stop ends the wait', async () => {
    const fake = await startFake(hangs);
    const rig = await startRig(fake);
    const page = rig.summary();
    while (fake.take().length === 0) await rig.clock.advanceAsync(0);
    rig.views.stop();
    expect((await page).source).toBe('local');
  });
});

test('with a Prometheus that is not there the process speaks for itself', async () => {
  const fake = await startFake(answersWell);
  await closeFakes();
  const rig = await startRig(fake);
  expect((await rig.ask('summary')).headers).toMatchObject({
    'x-gatewayz-source': 'local',
    'x-gatewayz-fallback': 'network',
  });
});
