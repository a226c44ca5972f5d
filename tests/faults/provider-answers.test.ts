import {
  answers,
  type FakeProvider,
  failsWith200,
  redirectsTo,
  repliesHtml,
  repliesWith,
  repliesWithBytes,
  repliesWithoutChoices,
  startFakeProvider,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { askPlain, askStream, expectWholeAnswer, expectWholeStream } from './chat.ts';
import { type FaultStage, outcomesOf, startFaultStage } from './fault-stage.ts';

const LIMIT = 256 * 1024;
const MEGABYTE = 1024 * 1024;

function usageOf(value: unknown): ReturnType<typeof answers> {
  return answers({ usage: { value }, usageChunk: 'always' });
}

/** A proper answer but for the white space behind it. */
function padded(bytes: number): string {
  const message = { role: 'assistant', content: 'too large' };
  return JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }).padEnd(bytes);
}

const FAULTS = {
  'error-in-200': failsWith200(),
  html: repliesHtml(),
  'no-choices': repliesWithoutChoices(),
  missing: answers({ usage: 'absent' }),
  negative: usageOf({ prompt_tokens: -5, completion_tokens: -7, total_tokens: -12 }),
  enormous: usageOf({ prompt_tokens: 1e30, completion_tokens: 1e30, total_tokens: 2e30 }),
  text: usageOf({ prompt_tokens: '12', completion_tokens: '7', total_tokens: '19' }),
  oversized: repliesWith({ text: padded(MEGABYTE) }, { contentType: 'application/json' }),
  endless: repliesWithBytes(64 * MEGABYTE, { framing: 'chunked', chunking: { sliceBytes: 65_536 } }),
  bomb: repliesWith({ text: padded(32 * MEGABYTE) }, { encoding: ['gzip'] }),
  'brotli-bomb': repliesWith({ text: padded(4 * MEGABYTE) }, { encoding: ['br'] }),
  stacked: answers({ encoding: ['gzip', 'gzip'] }),
  compressed: answers({ encoding: ['gzip'] }),
};

let stage: FaultStage;
let elsewhere: FakeProvider;

beforeAll(async () => {
  elsewhere = await startFakeProvider();
  const redirect = redirectsTo(`${elsewhere.url}/chat/completions`);
  const seeOther = redirectsTo(`${elsewhere.url}/chat/completions`, 302);
  stage = await startFaultStage(
    { ...FAULTS, redirect, 'see-other': seeOther },
    { config: { limits: { answerBytes: LIMIT } } },
  );
});

afterAll(async () => {
  await stage.close();
  await elsewhere.close();
});

/** The primary's answer is none: the spare gives one, to a plain request and to a stream. */
async function expectFailure(model: string): Promise<void> {
  const plain = await askPlain(stage.gateway, { model });
  expectWholeAnswer(plain);
  const stream = await askStream(stage.gateway, { model });
  expectWholeStream(stream);
  expect([plain.provider, stream.provider]).toEqual(['spare', 'spare']);
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'primary', model)).toEqual({ provider_error: 2 });
  expect(outcomesOf(metrics, 'spare', model)).toEqual({ success: 2 });
}

test.each([
  ['Provider: 200 with an error body → a failure, next target', 'error-in-200'],
  ['Provider: 200 with HTML → a failure, next target', 'html'],
  ['Provider: 200 with no choices → a failure, next target', 'no-choices'],
  ['Provider: oversized body → a failure as soon as the limit is passed', 'oversized'],
  ['Provider: oversized body → of unknown length, too', 'endless'],
  ['Provider: bomb-compressed body → cap on decompressed bytes', 'bomb'],
  ['Provider: bomb-compressed body → brotli, too', 'brotli-bomb'],
])('%s', (_, model) => expectFailure(model));

test('Provider: oversized body → the rest of it is not read', () => {
  for (const attempt of stage.providers.primary.attempts('endless')) {
    expect(attempt.bytesSent).toBeLessThan(32 * MEGABYTE);
    expect(attempt.end).toBe('client_closed');
  }
});

test('Provider: stacked encodings → a failure, next target, while a single one that nobody asked for is undone', async () => {
  const stacked = await askPlain(stage.gateway, { model: 'stacked' });
  expectWholeAnswer(stacked);
  expect(stacked.provider).toBe('spare');
  const single = await askPlain(stage.gateway, { model: 'compressed' });
  expectWholeAnswer(single);
  expect([single.provider, single.headers.get('content-encoding')]).toEqual(['primary', null]);
});

test.each([
  ['Provider: 200 with usage missing → answered, and nothing is charged', 'missing'],
  ['Provider: 200 with usage negative → answered, never a negative charge', 'negative'],
  ['Provider: 200 with usage of 1e30 → answered, never an absurd charge', 'enormous'],
  ['Provider: 200 with usage as a string → answered, never a charge of what is no number', 'text'],
])('%s', async (_, model) => {
  expectWholeAnswer(await askPlain(stage.gateway, { model }));
  expectWholeStream(await askStream(stage.gateway, { model }));
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'primary', model)).toEqual({ success: 2 });
  expect(metrics.sum('tokens_used_total', { model })).toBe(0);
});

test.each([
  ['Provider: redirect to another host → not followed; credentials never leave', 'redirect'],
  ['Provider: redirect to another host → nor where it would turn the request into a GET', 'see-other'],
])('%s', async (_, model) => {
  await expectFailure(model);
  expect([elsewhere.log, elsewhere.stats().connections]).toEqual([[], 0]);
});
