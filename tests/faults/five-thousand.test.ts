import { histogramProblems, type Labels, type Metrics } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ask } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import { type Counts, countBy, countSeries, shareOf } from './counts.ts';
import {
  groupByRequest,
  type LoggedAttempt,
  MODELS,
  PROVIDERS,
  type ProviderName,
  playRun,
  type RunRecord,
  toScripts,
} from './long-run.ts';

const REQUESTS = 5000;
const AT_ONCE = 64;
const SEED = 20_261_122;
const MAX_ATTEMPTS_PER_REQUEST = 1.6;
const MIN_WHOLE_STREAMS = 0.999;
const DEADLINE_MS = 1500;
const PATH = '/v1/chat/completions';
const FAILURES = ['provider_error', 'network', 'timeout'];

interface Counted {
  readonly name: string;
  readonly sample_count: number;
}

/** What the dashboard holds of a provider, as far as this test names it. */
interface DashboardProvider extends Counted {
  readonly circuit_breaker_state: string;
  readonly health_score: number;
  readonly models: readonly Counted[];
}

let stage: Stage<ProviderName>;
let records: readonly RunRecord[];
let requests: ReadonlyMap<number, readonly LoggedAttempt[]>;
let attempts: readonly LoggedAttempt[];
let metrics: Metrics;
let dashboard: { readonly providers: readonly DashboardProvider[]; readonly summary: Record<string, number> };

beforeAll(async () => {
  const scripts = toScripts(SEED);
  stage = await startStage({
    models: Object.keys(MODELS),
    providers: {
      failing: { byDefault: scripts.failing },
      hanging: { byDefault: scripts.hanging },
      cutting: { byDefault: scripts.cutting },
    },
    config: {
      timeouts: { firstTokenMs: DEADLINE_MS, answerMs: DEADLINE_MS, idleMs: DEADLINE_MS },
      retries: { attempts: 4 },
      breaker: { consecutiveFailures: 10, openMs: 500, maxOpenMs: 1000 },
      health: { monitorIntervalMs: 200 },
      models: Object.fromEntries(
        Object.entries(MODELS).map(([model, providers]) => [
          model,
          { targets: providers.map((provider) => ({ provider, model })) },
        ]),
      ),
    },
  });
  records = await playRun(stage.gateway, REQUESTS, AT_ONCE, SEED);
  requests = groupByRequest(stage.providers);
  attempts = [...requests.values()].flat();
  await vi.waitFor(
    async () => {
      metrics = await settledMetrics(stage.gateway);
      dashboard = (await ask(stage.gateway, { path: '/health/dashboard' })).json as typeof dashboard;
      const shown = dashboard.providers.reduce((sum, provider) => sum + provider.sample_count, 0);
      expect([metrics.sum('gatewayz_provider_window_samples'), shown]).toEqual([
        attempts.length,
        attempts.length,
      ]);
      // An open breaker becomes half-open by the clock alone.
      for (const { name: provider, circuit_breaker_state: state } of dashboard.providers) {
        expect(metrics.value('circuit_breaker_current_state', { provider, state })).toBe(1);
      }
    },
    { timeout: 10_000, interval: 250 },
  );
}, 240_000);

afterAll(() => stage.close());

function shown(name: string, labels: readonly string[], partial: Labels = {}): Counts {
  return countSeries(metrics, name, labels, partial);
}

const successes = (): readonly LoggedAttempt[] => attempts.filter(({ outcome }) => outcome === 'success');
const failures = (): readonly LoggedAttempt[] => attempts.filter(({ outcome }) => FAILURES.includes(outcome));
const targetOf = ({ provider, model }: LoggedAttempt): string => `${provider} ${model}`;
const providerOf = ({ provider }: LoggedAttempt): string => provider;

test('every plain request, and 99.9% of the streams, end complete and exact', () => {
  const plain = records.filter(({ isStream }) => !isStream);
  const streams = records.filter(({ isStream }) => isStream);
  expect(plain.length + streams.length).toBe(REQUESTS);
  expect(plain.filter(({ isWhole }) => !isWhole).map(({ chat }) => [chat.status, chat.text])).toEqual([]);
  const broken = streams.filter(({ isWhole }) => !isWhole);
  expect(broken.length / streams.length).toBeLessThanOrEqual(1 - MIN_WHOLE_STREAMS);
  for (const { chat } of broken) expect(chat.text).not.toContain('[DONE]');
});

test('the run met every fault, and a request took 1.6 attempts at most on average', () => {
  expect(requests.size).toBe(REQUESTS);
  const scripts = PROVIDERS.map((name) => Object.keys(stage.providers[name].stats().byScript).sort());
  expect(scripts).toEqual([
    ['answer', 'drop', 'error 500', 'error 503'],
    ['answer', 'hang'],
    ['answer', 'cut'],
  ]);
  const perRequest = attempts.length / REQUESTS;
  expect(perRequest).toBeGreaterThan(1.05);
  expect(perRequest).toBeLessThanOrEqual(MAX_ATTEMPTS_PER_REQUEST);
});

test('attempts by target and outcome are those of the logs', () => {
  expect(shown('gatewayz_attempts_total', ['provider', 'model', 'outcome'])).toEqual(
    countBy(attempts, (attempt) => `${targetOf(attempt)} ${attempt.outcome}`),
  );
  expect(shown('circuit_breaker_successes_total', ['provider'])).toEqual(countBy(successes(), providerOf));
  expect(shown('circuit_breaker_failures_total', ['provider'])).toEqual(countBy(failures(), providerOf));
  expect(shown('provider_response_time_seconds_count', ['provider'])).toEqual(countBy(attempts, providerOf));
  expect(shown('gatewayz_provider_window_samples', ['provider'])).toEqual(countBy(attempts, providerOf));
});

test('failovers are the changes of target in the logs', () => {
  const moves = [...requests.values()].flatMap((own) =>
    own.slice(1).flatMap((to, index) => {
      const from = own[index];
      if (from === undefined || from.provider === to.provider) return [];
      return [`${from.model} ${from.provider} ${to.provider} ${from.outcome}`];
    }),
  );
  expect(shown('gatewayz_failovers_total', ['model', 'from_provider', 'to_provider', 'reason'])).toEqual(
    countBy(moves, (move) => move),
  );
});

test('requests, tokens and streams are those of the logs and of the client', () => {
  const whole = records.filter(({ isWhole }) => isWhole).length;
  expect(shown('model_inference_requests_total', ['provider', 'model'], { status: 'success' })).toEqual(
    countBy(successes(), targetOf),
  );
  expect(metrics.sum('model_inference_requests_total')).toBe(REQUESTS);
  expect(metrics.sum('model_inference_requests_total', { status: 'success' })).toBe(whole);
  expect(metrics.sum('model_inference_duration_seconds_count')).toBe(REQUESTS);
  for (const [type, tokensOf] of [
    ['input', (attempt: LoggedAttempt) => attempt.inputTokens],
    ['output', (attempt: LoggedAttempt) => attempt.outputTokens],
  ] as const) {
    expect(shown('tokens_used_total', ['provider', 'model'], { token_type: type })).toEqual(
      countBy(successes(), targetOf, tokensOf),
    );
  }
  expect(shownStreams()).toEqual(expectedStreams());
});

function shownStreams(): object {
  const complete = shown('gatewayz_streams_total', ['provider', 'model'], { end: 'complete' });
  const continued = shown('gatewayz_streams_total', ['provider', 'model'], { end: 'continued' });
  return { complete, continued, all: metrics.sum('gatewayz_streams_total') };
}

/** A stream was continued where a cut came before its success: whatever else failed had shown the client nothing. */
function expectedStreams(): object {
  const whole = [...requests.values()].flatMap((own) => {
    const last = own.at(-1);
    if (last?.isStream !== true || last.outcome !== 'success') return [];
    const isContinued = own.some(({ provider, outcome }) => provider === 'cutting' && outcome === 'network');
    return [{ last, isContinued }];
  });
  const count = (isContinued: boolean): object =>
    countBy(
      whole.filter((stream) => stream.isContinued === isContinued),
      ({ last }) => targetOf(last),
    );
  const begun = records.filter(({ isStream, chat }) => isStream && chat.status === 200).length;
  return { complete: count(false), continued: count(true), all: begun };
}

test('HTTP figures are those of the client', () => {
  const byStatus = countBy(records, ({ chat }) => String(chat.status));
  expect(shown('fastapi_requests_total', ['status_code'], { path: PATH })).toEqual(byStatus);
  expect(shown('http_requests_total', ['status_code'], { endpoint: PATH })).toEqual(byStatus);
  for (const name of ['fastapi_requests_duration_seconds_count', 'fastapi_response_size_bytes_count']) {
    expect(metrics.sum(name, { path: PATH })).toBe(REQUESTS);
  }
  expect(metrics.sum('gatewayz_overhead_seconds_count', { endpoint: PATH })).toBe(REQUESTS);
  expect(metrics.sum('fastapi_requests_in_progress', { path: PATH })).toBe(0);
  expect(histogramProblems(metrics)).toEqual([]);
});

test('every change of a breaker begins where the one before it ended', () => {
  for (const provider of PROVIDERS) {
    for (const state of ['closed', 'open', 'half_open']) {
      const name = 'circuit_breaker_state_transitions_total';
      const came = metrics.sum(name, { provider, to_state: state });
      const went = metrics.sum(name, { provider, from_state: state });
      const isNow = metrics.value('circuit_breaker_current_state', { provider, state }) ?? Number.NaN;
      expect(came - went).toBe(isNow - (state === 'closed' ? 1 : 0));
      if (state === 'open')
        expect(metrics.sum('gatewayz_circuit_breaker_opens_total', { provider })).toBe(came);
    }
  }
});

test('the dashboard shows the figures of the logs and of the metrics', () => {
  expect(dashboard.summary.total_providers).toBe(PROVIDERS.length);
  for (const provider of dashboard.providers) {
    const labels = { provider: provider.name };
    const own = attempts.filter((attempt) => attempt.provider === provider.name);
    const failed = own.filter(({ outcome }) => FAILURES.includes(outcome));
    expect(provider).toMatchObject({
      requests_last_hour: own.length,
      errors_last_hour: failed.length,
      sample_count: own.length,
      error_rate: shareOf(failed, own),
      availability: metrics.value('provider_availability', labels),
    });
    expect(metrics.value('provider_error_rate', labels)).toBe(shareOf(failed, own));
    const score = metrics.value('gatewayz_provider_health_score', labels) ?? Number.NaN;
    expect(provider.health_score).toBeCloseTo(100 * score, 0);
    for (const model of provider.models) {
      const ofModel = own.filter((attempt) => attempt.model === model.name);
      const failedOfModel = ofModel.filter(({ outcome }) => FAILURES.includes(outcome));
      expect(model).toMatchObject({
        sample_count: ofModel.length,
        error_rate: shareOf(failedOfModel, ofModel),
      });
    }
  }
});
