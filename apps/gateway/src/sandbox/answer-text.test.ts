import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import {
  chatRequest,
  openSandbox,
  openStream,
  postChat,
  question,
  readEvents,
  sdkOptions,
} from './sandbox-fixture.ts';
import type { Sandbox, SandboxOptions } from './start-sandbox.ts';

let running: Sandbox | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  running = await openSandbox(options);
  return running;
}

describe('answers', () => {
  it('are the same from all three providers, fit the question and count their tokens', async () => {
    const sandbox = await start();
    const answers = await Promise.all(
      sandbox.providers.map((provider) =>
        new OpenAI(sdkOptions(sandbox, provider.id)).chat.completions.create(chatRequest),
      ),
    );
    const texts = new Set(answers.map((answer) => answer.choices[0]?.message.content));
    expect(texts.size).toBe(1);
    expect([...texts][0]).toContain('A circuit breaker remembers');
    const usage = answers[0]?.usage;
    expect(usage?.prompt_tokens).toBe(7);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    expect(answers[0]?.choices[0]?.finish_reason).toBe('stop');
  });

  it('are shorter from the small model', async () => {
    const sandbox = await start();
    const large = await postChat(sandbox);
    const small = await postChat(sandbox, { model: 'sandbox-small' });
    const [longText, shortText] = [large, small].map((reply) => reply.body.choices[0]?.message.content ?? '');
    expect(longText?.startsWith(shortText ?? '')).toBe(true);
    expect(shortText?.length).toBeLessThan(longText?.length ?? 0);
  });

  it('end at max_tokens with the finish reason length, and at a stop sequence without it', async () => {
    const sandbox = await start();
    const limited = await postChat(sandbox, { max_tokens: 4 });
    expect(limited.body.choices[0]).toMatchObject({ finish_reason: 'length' });
    expect(limited.body.usage.completion_tokens).toBe(4);
    const stopped = await postChat(sandbox, { stop: ['failing', 'breaker'] });
    expect(stopped.body.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: 'A circuit ' },
    });
  });

  it('continue the text of a closing assistant message', async () => {
    const sandbox = await start();
    const whole = (await postChat(sandbox)).body.choices[0]?.message.content ?? '';
    for (const length of [1, 10, 33, whole.length]) {
      const messages = [
        { role: 'user', content: question },
        { role: 'assistant', content: whole.slice(0, length) },
      ];
      const rest = (await postChat(sandbox, { messages })).body.choices[0]?.message.content ?? '';
      expect(whole.slice(0, length) + rest).toBe(whole);
    }
  });

  it('come from the legacy completions endpoint too, whole and streamed', async () => {
    const sandbox = await start();
    const request = { model: 'sandbox-small', prompt: question };
    const whole = await new OpenAI(sdkOptions(sandbox)).completions.create(request);
    let text = '';
    for await (const chunk of await new OpenAI(sdkOptions(sandbox)).completions.create({
      ...request,
      stream: true,
    })) {
      text += chunk.choices[0]?.text ?? '';
    }
    expect(text).toBe(whole.choices[0]?.text);
    expect(text).toContain('circuit breaker');
  });
});

describe('streams', () => {
  it('add up to the whole answer in the SDK, with usage last where it was asked for', async () => {
    const sandbox = await start();
    const whole = await new OpenAI(sdkOptions(sandbox)).chat.completions.create(chatRequest);
    const stream = await new OpenAI(sdkOptions(sandbox)).chat.completions.create({
      ...chatRequest,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]?.message.content,
    );
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  it('say nothing of usage unless asked, and end in [DONE]', async () => {
    const response = await openStream(await start());
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const { events, isCut } = await readEvents(response);
    expect(isCut).toBe(false);
    expect(events.at(-1)).toBe('[DONE]');
    expect(events.slice(0, -1).every((event) => !('usage' in JSON.parse(event)))).toBe(true);
  });

  it('are cut without a finish reason when their provider goes down', async () => {
    const sandbox = await start({ rhythm: 'natural' });
    const response = await openStream(sandbox);
    sandbox.setMode('sandbox-fast', 'down');
    const { events, isCut } = await readEvents(response);
    expect(isCut).toBe(true);
    expect(events.length).toBeGreaterThan(0);
    expect(events.some((event) => event === '[DONE]' || event.includes('"stop"'))).toBe(false);
  });

  it('go on at the other providers when one goes down', async () => {
    const sandbox = await start({ rhythm: 'natural', random: () => 0.5 });
    const response = await openStream(sandbox, { max_tokens: 5 });
    sandbox.setMode('sandbox-slow', 'down');
    expect((await readEvents(response)).events.at(-1)).toBe('[DONE]');
  });

  it('end when the client leaves, and the provider goes on serving', async () => {
    const sandbox = await start({ rhythm: 'natural' });
    const controller = new AbortController();
    const stream = await new OpenAI(sdkOptions(sandbox)).chat.completions.create(
      { model: 'sandbox-small', messages: [{ role: 'user', content: question }], stream: true },
      { signal: controller.signal },
    );
    for await (const _ of stream) controller.abort();
    expect((await postChat(sandbox, { max_tokens: 1 })).status).toBe(200);
  });
});
