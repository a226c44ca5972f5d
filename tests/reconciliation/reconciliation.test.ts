import { histogramProblems, type Metrics } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import { CLIENT_KEY, type ClientRecord, play } from './client.ts';
import {
  countInference,
  countRequests,
  groupAttempts,
  type InferenceCounts,
  type LoggedAttempt,
} from './expected-counts.ts';
import { type PlannedRequest, PROVIDERS, type ProviderName, planRun, readId, toScript } from './plan.ts';
import { scrapedCounts, scrapedPosts } from './scraped-counts.ts';

const REQUESTS = 2000;
const CONCURRENCY = 32;
const SEED = 20_261_122;
const TARGET = ['provider', 'model'] as const;

let stage: Stage<ProviderName>;
let records: readonly ClientRecord[];
let groups: ReadonlyMap<string, readonly LoggedAttempt[]>;
let expected: InferenceCounts;
let metrics: Metrics;

/** Tells when a request has arrived at a provider. */
class Arrivals {
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  of(id: string): PromiseWithResolvers<void> {
    const known = this.#waiting.get(id) ?? Promise.withResolvers<void>();
    this.#waiting.set(id, known);
    return known;
  }
}

async function startReconciledStage(arrivals: Arrivals): Promise<Stage<ProviderName>> {
  const providers = PROVIDERS.map((name) => [
    name,
    {
      byDefault: (request: Parameters<typeof toScript>[1]) => {
        arrivals.of(readId(request.json)).resolve();
        return toScript(name, request);
      },
    },
  ]);
  return startStage({
    providers: Object.fromEntries(providers),
    config: {
      auth: { mode: 'keys', keys: [CLIENT_KEY] },
      // The plan is to be played, not protected from: nobody is left out, and nobody runs out of retries.
      breaker: { consecutiveFailures: 1_000_000, failureRatio: 1, minimumSamples: 1_000_000 },
      retries: { attempts: 2, budgetRatio: 1 },
      timeouts: { firstTokenMs: 1500, answerMs: 1500, idleMs: 1500 },
      models: {
        chat: { targets: PROVIDERS.map((provider) => ({ provider, model: 'large' })) },
        pair: {
          targets: [
            { provider: 'gamma', model: 'own/name-of:gamma' },
            { provider: 'alpha', model: 'large' },
          ],
        },
      },
    },
  });
}

async function playAll(
  plan: readonly PlannedRequest[],
  arrivals: Arrivals,
): Promise<readonly ClientRecord[]> {
  const played: ClientRecord[] = [];
  const queue = plan.values();
  const playSome = async (): Promise<void> => {
    for (const planned of queue) {
      const arrival = (id: string): Promise<void> => arrivals.of(id).promise;
      played.push(await play(stage.gateway, planned, arrival));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, playSome));
  return played;
}

beforeAll(async () => {
  const arrivals = new Arrivals();
  stage = await startReconciledStage(arrivals);
  records = await playAll(planRun(REQUESTS, SEED), arrivals);
  metrics = await settledMetrics(stage.gateway);
  groups = groupAttempts(stage.providers, records);
  expected = countInference(records, groups);
}, 90_000);

afterAll(() => stage.close());

test('the run held everything that it is meant to hold', () => {
  expect(records).toHaveLength(REQUESTS);
  const statuses = new Set(records.map(({ status }) => status));
  expect([...statuses].sort()).toEqual([200, 400, 401, 404, 429, 499, 502, 504]);
  expect(new Set(records.map(({ stream }) => stream))).toEqual(new Set([null, 'whole', 'broken', 'left']));
  const outcomes = new Set([...groups.values()].flat().map(({ outcome }) => outcome));
  const all = 'caller client_closed credentials network provider_error rate_limited success timeout';
  expect([...outcomes].sort().join(' ')).toBe(all);
  const ends = new Set(Object.keys(expected.streams).map((labels) => labels.split(' ').at(-1)));
  expect([...ends].sort()).toEqual(['client_closed', 'complete', 'continued', 'stalled', 'truncated']);
});

test('requests by status are what the client saw, those that it left included', () => {
  const { byStatus } = countRequests(records);
  const labels = ['status_code', 'status_class'];
  expect(scrapedPosts(metrics, 'fastapi_requests_total', ['method', 'path', ...labels])).toEqual(byStatus);
  expect(scrapedPosts(metrics, 'http_requests_total', ['method', 'endpoint', ...labels])).toEqual(byStatus);
});

test('nothing is in progress any more but the scrape itself', () => {
  expect(scrapedCounts(metrics, 'fastapi_requests_in_progress', ['path'])).toEqual({ '/metrics': 1 });
});

test('every histogram of requests holds each of them once', () => {
  const { byPath } = countRequests(records);
  for (const name of ['requests_duration_seconds', 'request_size_bytes', 'response_size_bytes']) {
    expect(scrapedPosts(metrics, `fastapi_${name}_count`, ['method', 'path'])).toEqual(byPath);
  }
  expect(scrapedPosts(metrics, 'http_request_duration_seconds_count', ['method', 'endpoint'])).toEqual(
    byPath,
  );
  expect(histogramProblems(metrics)).toEqual([]);
});

test('attempts by target and outcome are what the providers logged', () => {
  const scraped = scrapedCounts(metrics, 'gatewayz_attempts_total', [...TARGET, 'outcome']);
  expect(scraped).toEqual(expected.attempts);
});

test('failovers are what the order of the logs shows', () => {
  const labels = ['model', 'from_provider', 'to_provider', 'reason'];
  expect(scrapedCounts(metrics, 'gatewayz_failovers_total', labels)).toEqual(expected.failovers);
  expect(Object.keys(expected.failovers).length).toBeGreaterThan(10);
});

test('inference requests are counted once, at the target that answered or failed last', () => {
  const scraped = scrapedCounts(metrics, 'model_inference_requests_total', [...TARGET, 'status']);
  expect(scraped).toEqual(expected.requests);
  const durations = scrapedCounts(metrics, 'model_inference_duration_seconds_count', TARGET);
  expect(durations).toEqual(expected.durations);
});

test('streams by their end are what the client saw', () => {
  const scraped = scrapedCounts(metrics, 'gatewayz_streams_total', [...TARGET, 'end']);
  expect(scraped).toEqual(expected.streams);
  const firstChunks = scrapedCounts(metrics, 'time_to_first_chunk_seconds_count', TARGET);
  expect(firstChunks).toEqual(expected.firstChunks);
});

test('tokens are what the providers reported, and no more', () => {
  const scraped = scrapedCounts(metrics, 'tokens_used_total', [...TARGET, 'token_type']);
  expect(scraped).toEqual(expected.tokens);
});

test('plain answers that the client got held the tokens that their provider reported', () => {
  for (const { planned, usage, status, stream } of records) {
    if (status !== 200 || stream !== null || planned.endpoint === 'embeddings') continue;
    expect(usage ?? undefined).toEqual(groups.get(planned.id)?.at(-1)?.attempt.usageSent);
  }
});
