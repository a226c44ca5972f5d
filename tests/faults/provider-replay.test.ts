import {
  answers,
  cutsAt,
  expectedAnswer,
  type FaultPoint,
  failsWith,
  hangs,
  type ScriptSource,
  stallsAt,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { askStream, expectBrokenStream, expectWholeStream } from './chat.ts';
import { type FaultStage, startFaultStage, streamEndsOf } from './fault-stage.ts';

const AFTER_SOME: FaultPoint = { afterEvents: 4 };
const TEXT = 'eins zwei drei vier fünf';
const EMOJI = '👩‍🚀 東京 🌊';

const CALLS = [{ id: 'call_1', name: 'lookup', arguments: '{"city":"Tōkyō","days":3}' }];

const FAULTS: Readonly<Record<string, ScriptSource>> = {
  pieces: cutsAt(AFTER_SOME),
  differs: cutsAt(AFTER_SOME, { text: TEXT }),
  sooner: cutsAt(AFTER_SOME, { text: TEXT }),
  calls: answers({ toolCalls: CALLS, fault: { kind: 'cut', at: { afterEvents: 3 } } }),
  off: cutsAt(AFTER_SOME),
  'second-turn': [failsWith(503), answers()],
  'no-second-turn': hangs(),
  'bytes-cut': answers({ text: EMOJI }),
  'bytes-close': answers({ text: EMOJI }),
  'left-open': answers({ text: TEXT, done: 'missing_open' }),
  'no-done': answers({ text: TEXT, done: 'missing' }),
  usage: stallsAt(AFTER_SOME),
};

const SPARE: Readonly<Record<string, ScriptSource>> = {
  // The same text, cut into other pieces than the first target's.
  pieces: answers({ pieces: [...expectedAnswer({ messages: [{ role: 'user', content: 'Hello' }] })] }),
  differs: answers({ text: TEXT.replace('zwei', 'zwo') }),
  sooner: answers({ text: TEXT.slice(0, 6) }),
  calls: answers({ toolCalls: CALLS }),
  'second-turn': cutsAt(AFTER_SOME),
  'no-second-turn': stallsAt(AFTER_SOME),
  'bytes-cut': answers({ text: EMOJI }),
  'bytes-close': answers({ text: EMOJI }),
};

let stage: FaultStage;

beforeAll(async () => {
  const targets = ['primary', 'spare'].map((provider) => ({ provider, model: 'off' }));
  stage = await startFaultStage(FAULTS, {
    spare: { models: SPARE },
    config: { models: { 'off-by-config': { targets, continuation: false } } },
  });
});

afterAll(() => stage.close());

async function expectEnd(model: string, provider: string, end: string): Promise<void> {
  expect(streamEndsOf(await settledMetrics(stage.gateway), provider, model)).toEqual({ [end]: 1 });
}

test('a replay is compared character by character, whatever pieces it comes in', async () => {
  expectWholeStream(await askStream(stage.gateway, { model: 'pieces' }));
  await expectEnd('pieces', 'spare', 'continued');
});

test.each([
  ['says something else', 'differs'],
  ['ends sooner', 'sooner'],
])('a replay that %s is not stitched on: an error event and no [DONE]', async (_, model) => {
  const answer = await askStream(stage.gateway, { model });
  expectBrokenStream(answer, 'eins zwei drei');
  expect(stage.providers.spare.attempts(model)).toHaveLength(1);
});

test('where every target has had its turn, one that failed at once gets a second', async () => {
  const answer = await askStream(stage.gateway, { model: 'second-turn' });
  expectWholeStream(answer);
  expect(stage.providers.primary.attempts('second-turn').map(({ status }) => status)).toEqual([503, 200]);
  expect(stage.providers.spare.attempts('second-turn')).toHaveLength(1);
  await expectEnd('second-turn', 'primary', 'continued');
});

test('where every target has had its turn, one that was too slow gets no second', async () => {
  const answer = await askStream(stage.gateway, { model: 'no-second-turn' });
  expect(answer.chat).toMatchObject({ done: false, errorEvent: { type: 'timeout_error' } });
  expect(stage.providers.primary.attempts('no-second-turn')).toHaveLength(1);
  expect(stage.providers.spare.attempts('no-second-turn')).toHaveLength(1);
});

test('tool calls are never stitched across targets', async () => {
  const answer = await askStream(stage.gateway, { model: 'calls' });
  expectBrokenStream(answer, '');
  expect(answer.chat.toolCalls).toHaveLength(1);
  expect(stage.providers.spare.attempts('calls')).toHaveLength(0);
  await expectEnd('calls', 'primary', 'truncated');
});

test('a model for which continuation is off gets the error event', async () => {
  const answer = await askStream(stage.gateway, { model: 'off-by-config' });
  expectBrokenStream(answer, stage.providers.primary.attempts('off')[0]?.textSent ?? '');
  expect(stage.providers.spare.attempts('off')).toHaveLength(0);
  await expectEnd('off', 'primary', 'truncated');
});

test('usage of a replayed answer is that of one answer', async () => {
  const more = { stream_options: { include_usage: true } };
  const answer = await askStream(stage.gateway, { model: 'usage', more });
  expectWholeStream(answer);
  const replay = stage.providers.spare.attempts('usage')[0];
  expect([answer.chat.usageCount, answer.chat.usage]).toEqual([1, replay?.usageSent]);
});

test('a whole stream that lacks [DONE] is finished when the provider closes it', async () => {
  expectWholeStream(await askStream(stage.gateway, { model: 'no-done' }), TEXT);
  await expectEnd('no-done', 'primary', 'complete');
});

test('a whole stream that lacks [DONE] is finished soon where the provider leaves it open', async () => {
  expectWholeStream(await askStream(stage.gateway, { model: 'left-open' }), TEXT);
  await expectEnd('left-open', 'primary', 'complete');
  expect(stage.providers.spare.attempts('left-open')).toHaveLength(0);
});

describe.each(['cut', 'close'] as const)('by a %s', (kind) => {
  const model = `bytes-${kind}`;

  function breakAt(afterBytes: number): void {
    const fault = { kind, at: { afterBytes } } as const;
    stage.providers.primary.setScript(model, answers({ text: EMOJI, fault }));
  }

  test('a stream that ends at any byte is completed exactly, be it within a character, a word of the protocol, or a line end', async () => {
    const whole = Buffer.from((await askStream(stage.gateway, { model })).text);
    const first = whole.indexOf('\n\n') + 2;
    const second = whole.indexOf('\n\n', first) + 2;
    // Every byte of an event with characters of several bytes, its line ends, and the start of the next.
    for (let at = first - 2; at <= second + 8; at += 1) {
      breakAt(at);
      const answer = await askStream(stage.gateway, { model });
      expect({ at, text: answer.chat.text, done: answer.chat.done }).toEqual({ at, text: EMOJI, done: true });
      expectWholeStream(answer, EMOJI);
    }
    const metrics = await settledMetrics(stage.gateway);
    expect(metrics.sum('gatewayz_stream_events_dropped_total', { model })).toBe(0);
  });

  test('a stream that ends at any byte ends in an error event that can be read where nobody can go on', async () => {
    const whole = Buffer.from((await askStream(stage.gateway, { model })).text);
    const third = whole.indexOf('\n\n', 400) + 2;
    for (const at of [third - 2, third - 1, third, third + 1, third + 3, third + 5, third + 6, third + 40]) {
      breakAt(at);
      const answer = await askStream(stage.gateway, { model: `primary/${model}` });
      expect(answer.chat.errorEvent, `at ${at}`).not.toBeNull();
      expectBrokenStream(answer, answer.chat.text);
    }
  });
});
