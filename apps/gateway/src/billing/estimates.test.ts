import { describe, expect, test } from 'vitest';
import { type FakeCall, readAll } from '../inference/exchange-fixture.ts';
import { DONE_EVENT } from '../inference/stream-fixture.ts';
import { chargeFor, openStage, UNREPORTED } from './billing-stage.ts';

const withUsage = (input: number, output: number, text = 'Hi'): string =>
  `{"choices":[{"message":{"content":${JSON.stringify(text)}}}],"usage":{"prompt_tokens":${input},"completion_tokens":${output}}}`;

const INPUT_TOKENS = 'tokens_used_total{provider="only",model="large",token_type="input"}';

describe('usage that cannot be true', () => {
  test.each([
    ['input beyond the bytes that were sent', {}, withUsage(1e8, 5)],
    ['output beyond what was asked for', { max_tokens: 5 }, withUsage(10, 1e6)],
    ['output beyond what any model gives', {}, withUsage(10, 1e8)],
  ])('is not believed but estimated: %s', async (_, asked, answer) => {
    await using stage = await openStage(100_000_000);
    const charge = await chargeFor(stage, asked, (call) => call.answer(200, answer));
    expect(charge).toMatchObject({ is_estimated: 1, output_tokens: 1 });
    expect(Number(charge?.credits_micro)).toBeLessThan(100);
    expect(stage.disbelieved).toEqual(['only']);
    expect(await stage.metric(INPUT_TOKENS)).toBe(0);
  });

  test.each([
    ['reasoning that nobody sees', { max_tokens: 100 }, withUsage(10, 20_000)],
    ['as much text as that', { max_tokens: 1 }, withUsage(10, 40_000, 'a '.repeat(20_000))],
    ['several choices', { max_tokens: 20_000, n: 3 }, withUsage(10, 90_000)],
    [
      'a film by its address',
      { messages: [{ content: [{ type: 'video_url', video_url: { url: 'https://a/b' } }] }] },
      withUsage(90_000, 5),
    ],
  ])('is not taken for that where there is a reason for it: %s', async (_, asked, answer) => {
    await using stage = await openStage(100_000_000);
    const charge = await chargeFor(stage, asked, (call) => call.answer(200, answer));
    expect(charge).toMatchObject({ is_estimated: 0 });
    expect(stage.disbelieved).toEqual([]);
    expect(await stage.metric(INPUT_TOKENS)).toBe(charge?.input_tokens);
  });

  test('of a key of the configuration is not believed either', async () => {
    await using stage = await openStage(0, { keyId: 'configured', userId: '' });
    const { client } = await stage.ask();
    (await stage.call()).answer(200, withUsage(1e8, 1e8));
    await readAll(client);
    expect(await stage.dailyUsage()).toMatchObject([{ estimated_requests: 1, output_tokens: 1 }]);
  });
});

describe('an answer without usage', () => {
  const stream =
    (events: string) => (call: { begin: FakeCall['begin']; data: FakeCall['data']; end(): void }) => {
      call.begin(200, { 'content-type': 'text/event-stream' });
      call.data(events);
      call.end();
    };
  const LONG = 'lorem ipsum '.repeat(1000);
  const chunk = (...choices: object[]): string => `data: ${JSON.stringify({ choices })}\n\n`;
  const end = (index: number): string => chunk({ index, delta: {}, finish_reason: 'stop' });

  test.each([
    ['of several choices', { n: 2 }, [0, 1].map((index) => ({ index, delta: { content: LONG } })), 2],
    [
      'of a call of a tool',
      {},
      [{ index: 0, delta: { tool_calls: [{ function: { arguments: LONG } }] } }],
      1,
    ],
    ['of reasoning', {}, [{ index: 0, delta: { reasoning_content: LONG, reasoning: LONG } }], 1],
  ])('%s in one chunk is counted by its bytes', async (_, asked, choices, texts) => {
    await using stage = await openStage(100_000_000);
    const ends = choices.map(({ index }) => end(index)).join('');
    const charge = await chargeFor(
      stage,
      { stream: true, ...asked },
      stream(chunk(...choices) + ends + DONE_EVENT),
    );
    expect(charge).toMatchObject({ is_estimated: 1, output_tokens: (texts * LONG.length) / 4 });
  });

  test('that ends in the chunk of its call is counted too', async () => {
    await using stage = await openStage(100_000_000);
    const called = { index: 0, delta: { tool_calls: [{ function: { name: 'f', arguments: LONG } }] } };
    const whole = chunk({ ...called, finish_reason: 'tool_calls' }) + DONE_EVENT;
    const charge = await chargeFor(stage, { stream: true }, stream(whole));
    expect(Number(charge?.output_tokens)).toBeGreaterThanOrEqual(LONG.length / 4);
  });

  test.each([
    ['tools', { tools: [{ type: 'function', function: { name: 'f', description: LONG } }] }],
    ['functions', { functions: [{ name: 'f', parameters: { properties: { [LONG]: {} } } }] }],
    ['a format', { response_format: { type: 'json_schema', json_schema: { description: LONG } } }],
    ['a text that begins like an address', { messages: [{ content: `http://x ${LONG}` }] }],
    ['a text in the place of a part', { messages: [{ content: [{ type: 'text', text: `data: ${LONG}` }] }] }],
  ])('is charged for %s of its request', async (_, asked) => {
    await using stage = await openStage(100_000_000);
    const charge = await chargeFor(stage, asked, (call) => call.answer(200, UNREPORTED));
    expect(Number(charge?.input_tokens)).toBeGreaterThan(2000);
  });
});
