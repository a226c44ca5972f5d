import { request as httpRequest } from 'node:http';
import OpenAI, { APIError, NotFoundError } from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import {
  baseUrl,
  chatRequest,
  openSandbox,
  openStream,
  post,
  readEvents,
  sdkOptions,
} from './sandbox-fixture.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from './start-sandbox.ts';

let running: Sandbox | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  running = await openSandbox(options);
  return running;
}

describe('refusals', () => {
  it('have the shape of OpenAI errors and name the field', async () => {
    const sandbox = await start();
    const cases: readonly [body: unknown, status: number, param: string | null][] = [
      ['{', 400, null],
      ['[]', 400, null],
      [{ ...chatRequest, ...{ model: 7 } }, 400, 'model'],
      [{ ...chatRequest, ...{ model: 'gpt' } }, 404, 'model'],
      [{ ...chatRequest, ...{ model: 'sandbox-embed' } }, 404, 'model'],
      [{ ...chatRequest, ...{ messages: [] } }, 400, 'messages'],
      [{ ...chatRequest, ...{ messages: [{ role: 'user', content: 7 }] } }, 400, 'messages.0.content'],
      [{ ...chatRequest, ...{ n: 2 } }, 400, 'n'],
      [{ ...chatRequest, ...{ max_tokens: 0 } }, 400, 'max_tokens'],
      [{ ...chatRequest, ...{ stream_options: { include_usage: true } } }, 400, 'stream_options'],
      ['x'.repeat(5 * 1024 * 1024), 413, null],
    ];
    for (const [body, status, param] of cases) {
      const reply = await post(`${baseUrl(sandbox)}/chat/completions`, body);
      expect(reply).toMatchObject({ status, body: { error: { type: 'invalid_request_error', param } } });
      expect(reply.body.error.message).not.toBe('');
    }
  });

  it('reach the SDK as its error classes', async () => {
    const sandbox = await start();
    const request = { model: 'gone', messages: [] };
    await expect(new OpenAI(sdkOptions(sandbox)).chat.completions.create(request)).rejects.toBeInstanceOf(
      APIError,
    );
    await expect(
      new OpenAI(sdkOptions(sandbox)).embeddings.create({ model: 'gone', input: 'x' }),
    ).rejects.toBeInstanceOf(NotFoundError);
  });

  it('meet unknown paths and providers', async () => {
    const sandbox = await start();
    const { origin } = new URL(baseUrl(sandbox));
    for (const path of ['/', '/other/v1/models', '/sandbox-fast/v1/files', '/sandbox/other']) {
      expect((await fetch(origin + path)).status).toBe(404);
    }
  });

  it('meet a foreign Host or Origin, so that no web page can reach the sandbox', async () => {
    const sandbox = await start();
    const { port } = new URL(baseUrl(sandbox));
    const get = (headers: Record<string, string>): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const request = httpRequest(
          { port, host: '127.0.0.1', path: '/sandbox/providers', headers },
          (response) => {
            response.resume().once('end', () => resolve(response.statusCode));
          },
        );
        request.once('error', reject).end();
      });
    expect(await get({ host: `evil.example:${port}` })).toBe(403);
    expect(await get({ host: '127.0.0.1.evil.example' })).toBe(403);
    expect(await get({ origin: 'https://evil.example' })).toBe(403);
    expect(await get({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
  });
});

describe('closing', () => {
  it('cuts a stream in progress and frees the port', async () => {
    const sandbox = await start({ rhythm: 'natural' });
    const response = await openStream(sandbox);
    await sandbox.close();
    running = undefined;
    expect((await readEvents(response)).isCut).toBe(true);
    const { port } = new URL(baseUrl(sandbox));
    const next = await start({ port: Number(port) });
    await expect(startSandbox({ port: Number(port) })).rejects.toThrow('EADDRINUSE');
    expect(next.providers[0]?.baseUrl).toBe(sandbox.providers[0]?.baseUrl);
  });
});
