import type { Endpoint, EndpointAnswer, Endpoints } from '@gatewayz/observability';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EndpointDesk } from './endpoint-desk.ts';
import type { ToPrimary } from './worker-message.ts';

const own: Endpoints = {
  metricsPath: '/metrics',
  viewsPath: '/prometheus/metrics',
  find: () => null,
  answer: () => Promise.reject(new Error('a worker alone answers nothing')),
};
const METRICS: Endpoint = { kind: 'metrics', pattern: '/metrics' };
const ANSWER: EndpointAnswer = {
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from('a 1.0\n'),
};

let asked: Extract<ToPrimary, { kind: 'ask' }>[];
let desk: EndpointDesk;
let endpoints: Endpoints;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  desk = new EndpointDesk((question) => asked.push(question));
  endpoints = desk.instead(own);
});

afterEach(() => {
  vi.useRealTimers();
});

test('the primary process answers, and the connection is not used again', async () => {
  const answer = endpoints.answer(METRICS, { authorization: 'Bearer t', cookie: 'x', accept: ['a', 'b'] });
  expect(asked).toEqual([
    { kind: 'ask', question: 1, url: '/metrics', headers: { authorization: 'Bearer t', accept: 'a, b' } },
  ]);
  desk.answered(1, ANSWER);
  expect(await answer).toEqual({ ...ANSWER, headers: { ...ANSWER.headers, connection: 'close' } });
});

test('a view is asked for with its name and its query', () => {
  const query = new URLSearchParams({ provider: 'a&b' });
  void endpoints.answer({ kind: 'view', pattern: '/prometheus/metrics/:view', view: "$'x", query }, {});
  expect(asked[0]?.url).toBe("/prometheus/metrics/$'x?provider=a%26b");
});

test('those who ask the same at the same time share an answer, and others do not', async () => {
  const answers = [{}, {}, { authorization: 'Bearer t' }].map((headers) =>
    endpoints.answer(METRICS, headers),
  );
  expect(asked).toHaveLength(2);
  desk.answered(1, ANSWER);
  desk.answered(2, { ...ANSWER, status: 401 });
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 401]);
  void endpoints.answer(METRICS, {});
  expect(asked).toHaveLength(3);
});

test('a primary process that does not answer is a 503 within a second, and its late word harms nobody', async () => {
  const answer = endpoints.answer(METRICS, {});
  await vi.advanceTimersByTimeAsync(999);
  expect(await answer).toMatchObject({ status: 503, headers: { 'content-type': 'application/json' } });
  desk.answered(1, ANSWER);
});
