import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { baseUrl, openSandbox, post, sdkOptions } from './sandbox-fixture.ts';
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

describe('embeddings', () => {
  it('have length one, repeat themselves and agree in both encodings', async () => {
    const sandbox = await start();
    const input = ['one text', 'another text'];
    const decoded = await new OpenAI(sdkOptions(sandbox)).embeddings.create({
      model: 'sandbox-embed',
      input,
    });
    const plain = await post(`${baseUrl(sandbox)}/embeddings`, { model: 'sandbox-embed', input });
    expect(plain.body.data).toHaveLength(2);
    for (const [index, item] of decoded.data.entries()) {
      expect(Math.hypot(...item.embedding)).toBeCloseTo(1, 5);
      expect(item.embedding).toEqual(plain.body.data[index]?.embedding);
    }
    expect(decoded.data[0]?.embedding).not.toEqual(decoded.data[1]?.embedding);
    expect(decoded.usage.prompt_tokens).toBe(4);
  });

  it('have as many dimensions as asked for, also for token lists', async () => {
    const sandbox = await start();
    for (const input of ['text', [1, 2, 3], [[1], [2]]]) {
      const request = { model: 'sandbox-embed', input, dimensions: 8 };
      const reply = await post(`${baseUrl(sandbox)}/embeddings`, request);
      expect(reply.body.data[0]?.embedding).toHaveLength(8);
    }
  });
});
