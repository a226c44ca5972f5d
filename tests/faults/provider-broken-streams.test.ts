import { answers, type Fault } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { askPlain, askStream, expectBrokenStream, expectWholeAnswer, expectWholeStream } from './chat.ts';
import { type FaultStage, outcomesOf, startFaultStage, streamEndsOf } from './fault-stage.ts';

const FAULTS = {
  close: answers({ fault: { kind: 'close', at: { afterEvents: 5 } } }),
  'close-at-end': answers({ finishReason: null, done: 'missing', usageChunk: 'never' }),
  reset: answers({ fault: { kind: 'reset', at: { afterEvents: 5 } } }),
  'half-close': answers({ fault: { kind: 'half_close', at: { afterEvents: 5 } } }),
} as const;

function inTheBody(kind: 'close' | 'reset' | 'half_close'): { readonly fault: Fault } {
  return { fault: { kind, at: { afterBytes: 60 } } };
}

const PLAIN_FAULTS = {
  'plain-close': answers(inTheBody('close')),
  'plain-reset': answers(inTheBody('reset')),
  'plain-half-close': answers(inTheBody('half_close')),
  'too-short': answers({ fault: { kind: 'wrong_content_length', delta: 100 } }),
};

let stage: FaultStage;

beforeAll(async () => {
  stage = await startFaultStage({ ...FAULTS, ...PLAIN_FAULTS });
});

afterAll(() => stage.close());

async function expectContinued(model: string, outcome: string): Promise<void> {
  expectWholeStream(await askStream(stage.gateway, { model }));
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'primary', model)).toEqual({ [outcome]: 1 });
  expect(outcomesOf(metrics, 'spare', model)).toEqual({ success: 1 });
  expect(streamEndsOf(metrics, 'spare', model)).toEqual({ continued: 1 });
  expect(streamEndsOf(metrics, 'primary', model)).toEqual({});
}

/** Both times that it is asked, the primary says the same and no more. */
async function expectTruncated(model: string): Promise<void> {
  const answer = await askStream(stage.gateway, { model: `primary/${model}` });
  const sent = stage.providers.primary.attempts(model).at(-1)?.textSent ?? '';
  expect(sent.length).toBeGreaterThan(0);
  expectBrokenStream(answer, sent);
  const metrics = await settledMetrics(stage.gateway);
  expect(streamEndsOf(metrics, 'primary', model)).toEqual({ truncated: 1 });
}

test('Provider: clean close without a finish reason → another target completes it, and alone it is never whole', async () => {
  await expectContinued('close', 'provider_error');
  await expectTruncated('close');
});

test('Provider: clean close without a finish reason → all of the text is not the whole answer either', async () => {
  await expectContinued('close-at-end', 'provider_error');
  await expectTruncated('close-at-end');
});

test('Provider: reset mid-stream → another target completes it, and alone it ends in an error event without [DONE]', async () => {
  await expectContinued('reset', 'network');
  await expectTruncated('reset');
});

test('Provider: half-close → another target completes it, and alone it ends in an error event without [DONE]', async () => {
  await expectContinued('half-close', 'network');
  await expectTruncated('half-close');
});

test.each([
  ['Provider: clean close without a finish reason → half a plain body is no answer', 'plain-close', 1],
  ['Provider: reset mid-stream → half a plain body is no answer', 'plain-reset', 2],
  ['Provider: half-close → half a plain body is no answer', 'plain-half-close', 2],
  ['Provider: half-close → a body shorter than it was said to be is no answer', 'too-short', 2],
])('%s', async (_, model, tries) => {
  const answer = await askPlain(stage.gateway, { model });
  expectWholeAnswer(answer);
  expect(answer.provider).toBe('spare');
  expect(stage.providers.primary.attempts(model)).toHaveLength(tries);
  const outcomes = outcomesOf(await settledMetrics(stage.gateway), 'primary', model);
  expect(Object.values(outcomes)).toEqual([tries]);
  expect(['network', 'provider_error']).toContain(Object.keys(outcomes)[0]);
});
