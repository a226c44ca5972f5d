import { answers, cutsAt, expectedUsage, failsWith, repliesWith, stallsAt } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import { askStream, type Chat, expectWholeStream } from './chat.ts';
import { NO_BREAKER, outcomesOf, SHORT_TIMEOUTS, streamEndsOf } from './fault-stage.ts';

/** Behind the role and three pieces. */
const AFTER_SOME: { readonly afterEvents: number } = { afterEvents: 4 };

const HTML = '<html>\n<body>502 Bad Gateway</body>\n\n<hr>nginx</html>';

const FIRST = {
  cut: cutsAt(AFTER_SOME),
  refused: cutsAt(AFTER_SOME),
  stall: stallsAt(AFTER_SOME),
  role: cutsAt({ afterEvents: 1 }),
  garbled: answers({ insert: [{ at: 4, raw: HTML }], fault: { kind: 'cut', at: AFTER_SOME } }),
  'garbled-for-good': repliesWith(
    { events: [chunk({ role: 'assistant', content: '' }), chunk({ content: 'river' }), HTML] },
    { contentType: 'text/event-stream' },
  ),
  'error-event': answers({ fault: { kind: 'error_event', at: AFTER_SOME, done: true } }),
  twice: cutsAt(AFTER_SOME),
  finished: cutsAt({ afterEvents: 5 }, { text: 'one two three' }),
  'legacy-cut': cutsAt({ afterEvents: 3 }),
};

let stage: Stage<'first' | 'second' | 'third'>;

beforeAll(async () => {
  stage = await startStage({
    models: Object.keys(FIRST),
    providers: {
      first: { models: FIRST },
      second: {
        models: {
          refused: answers({ prefill: 'refuse' }),
          twice: cutsAt({ afterEvents: 9 }, { prefill: 'accept' }),
        },
        byDefault: answers({ prefill: 'accept' }),
      },
      third: {},
    },
    sections: { second: { capabilities: { assistantPrefill: true } } },
    config: {
      timeouts: SHORT_TIMEOUTS,
      breaker: NO_BREAKER,
      retries: { budgetRatio: 1 },
      models: Object.fromEntries(Object.keys(FIRST).map((model) => [model, toRoute(model)])),
    },
  });
});

afterAll(() => stage.close());

function toRoute(model: string): object {
  return { targets: ['first', 'second', 'third'].map((provider) => ({ provider, model })) };
}

function chunk(delta: object): string {
  const choices = [{ index: 0, delta, finish_reason: null }];
  return `data: ${JSON.stringify({ id: 'chatcmpl-x', created: 1, model: 'm', choices })}\n\n`;
}

async function expectEnds(model: string, provider: string, end: string): Promise<void> {
  expect(streamEndsOf(await settledMetrics(stage.gateway), provider, model)).toEqual({ [end]: 1 });
}

/** The last message that a provider was sent in its latest attempt at a model. */
function lastMessage(provider: 'second' | 'third', model: string): unknown {
  const messages = stage.providers[provider].attempts(model).at(-1)?.json.messages;
  return (messages as readonly unknown[] | undefined)?.at(-1);
}

function usageOf({ chat }: Chat): unknown {
  return { times: chat.usageCount, ...chat.usage };
}

test('a target that takes a prefill is asked with what the client has, and goes on from there', async () => {
  const answer = await askStream(stage.gateway, { model: 'cut', more: { max_tokens: 20 } });
  const [cut] = stage.providers.first.attempts('cut');
  expect(lastMessage('second', 'cut')).toEqual({ role: 'assistant', content: cut?.textSent });
  const [rest] = stage.providers.second.attempts('cut');
  expect(rest?.json.max_tokens).toBe(17);
  expect(answer.chat.text).toBe(`${cut?.textSent}${rest?.textSent}`);
  expect(answer.chat).toMatchObject({ done: true, finishReasons: ['length'], roles: ['assistant'] });
  expect(answer.chat.ids).toEqual(['chatcmpl-1']);
  expect(stage.providers.third.attempts('cut')).toHaveLength(0);
  await expectEnds('cut', 'second', 'continued');
});

test('usage adds up over the two targets, and is told once and only where it was asked for', async () => {
  const asked = await askStream(stage.gateway, {
    model: 'stall',
    more: { stream_options: { include_usage: true } },
  });
  expectWholeStream(asked);
  expect(usageOf(asked)).toEqual({ times: 1, ...expectedUsage(asked.body) });
  const silent = await askStream(stage.gateway, { model: 'stall' });
  expectWholeStream(silent);
  expect(usageOf(silent)).toEqual({ times: 0 });
});

test('a target that refuses the prefill is asked afresh, and its refusal never reaches the client', async () => {
  const answer = await askStream(stage.gateway, { model: 'refused' });
  expectWholeStream(answer);
  const [refusal, replay] = stage.providers.second.attempts('refused');
  expect([refusal?.status, replay?.status]).toEqual([400, 200]);
  expect(lastMessage('second', 'refused')).toEqual({ role: 'user', content: 'Hello' });
  expect(stage.providers.third.attempts('refused')).toHaveLength(0);
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, 'second', 'refused')).toEqual({ caller: 1, success: 1 });
  await expectEnds('refused', 'second', 'continued');
});

test.each([
  ['stalls', 'stall', 'timeout'],
  ['is cut behind the role', 'role', 'network'],
  ['turns to HTML and is cut', 'garbled', 'network'],
  ['gives up with an error event', 'error-event', 'provider_error'],
] as const)('a stream that %s is completed by the next target', async (_, model, outcome) => {
  const before = outcomesOf(await settledMetrics(stage.gateway), 'first', model)[outcome] ?? 0;
  const answer = await askStream(stage.gateway, { model });
  expectWholeStream(answer);
  expect(answer.headers.get('x-gatewayz-attempts')).toBe('1');
  expect(outcomesOf(await settledMetrics(stage.gateway), 'first', model)).toEqual({ [outcome]: before + 1 });
});

test('HTML in the place of the rest, in an orderly stream, is no end of an answer', async () => {
  const answer = await askStream(stage.gateway, { model: 'garbled-for-good' });
  expectWholeStream(answer);
  await expectEnds('garbled-for-good', 'second', 'continued');
});

test('after two cuts on two targets the third completes the stream', async () => {
  const answer = await askStream(stage.gateway, { model: 'twice' });
  expectWholeStream(answer);
  const texts = (['first', 'second', 'third'] as const).map(
    (name) => stage.providers[name].attempts('twice')[0]?.textSent ?? '',
  );
  expect(texts.map((text) => text.length > 0)).toEqual([true, true, true]);
  expect(lastMessage('second', 'twice')).toEqual({ role: 'assistant', content: texts[0] });
  expect(lastMessage('third', 'twice')).toEqual({ role: 'user', content: 'Hello' });
  await expectEnds('twice', 'third', 'continued');
});

test('a stream that is cut behind its finish reason is finished at once, by nobody else', async () => {
  const answer = await askStream(stage.gateway, { model: 'finished' });
  expectWholeStream(answer, 'one two three');
  expect(stage.providers.second.attempts('finished')).toHaveLength(0);
  await expectEnds('finished', 'first', 'complete');
});

test('a text completion goes on by replay, since there is no message to prefill', async () => {
  const answer = await askStream(stage.gateway, { model: 'legacy-cut', path: '/v1/completions' });
  expectWholeStream(answer);
  expect(stage.providers.second.attempts('legacy-cut')[0]?.json.prompt).toBe('Hello');
  await expectEnds('legacy-cut', 'second', 'continued');
});

test('a request that no target can be continued on is refused as it is before its stream begins', async () => {
  stage.providers.first.setScript('cut', failsWith(400, { message: 'no such parameter' }));
  const answer = await askStream(stage.gateway, { model: 'cut' });
  expect([answer.status, answer.error?.message]).toEqual([400, 'no such parameter']);
});
