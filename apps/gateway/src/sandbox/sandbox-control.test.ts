import OpenAI, { InternalServerError } from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import {
  baseUrl,
  openSandbox,
  openStream,
  post,
  postChat,
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

function controlUrl(sandbox: Sandbox, path = ''): string {
  return `${new URL(baseUrl(sandbox)).origin}/sandbox/providers${path}`;
}

describe('faults', () => {
  it('of a provider that is down are 503 at once, and healing ends them', async () => {
    const sandbox = await start();
    sandbox.setMode('sandbox-fast', 'down');
    await expect(new OpenAI(sdkOptions(sandbox)).models.list()).rejects.toBeInstanceOf(InternalServerError);
    const reply = await postChat(sandbox);
    expect(reply).toMatchObject({
      status: 503,
      body: { error: { type: 'server_error', code: 'provider_down' } },
    });
    sandbox.setMode('sandbox-fast', 'healthy');
    const models = await new OpenAI(sdkOptions(sandbox)).models.list();
    expect(models.data.map((model) => model.id)).toEqual(['sandbox-small', 'sandbox-large', 'sandbox-embed']);
  });

  it('of the flaky provider are errors and cut streams; the fast one has none on the same dice', async () => {
    const sandbox = await start({ random: () => 0 });
    expect((await postChat(sandbox, {}, 'sandbox-flaky')).status).toBe(500);
    expect((await postChat(sandbox)).status).toBe(200);
    const { events, isCut } = await readEvents(await openStream(sandbox, {}, 'sandbox-flaky'));
    expect(isCut).toBe(true);
    expect(events).toHaveLength(2);
  });

  it('hit a few percent of the requests to the flaky provider', async () => {
    let state = 1;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const sandbox = await start({ random });
    let failed = 0;
    for (let count = 0; count < 500; count += 1) {
      const reply = await postChat(sandbox, { max_tokens: 1 }, 'sandbox-flaky');
      if (reply.status >= 500) failed += 1;
    }
    expect(failed).toBeGreaterThan(5);
    expect(failed).toBeLessThan(50);
  });
});

describe('the control routes', () => {
  it('list the providers and change their modes', async () => {
    const changes: string[] = [];
    const sandbox = await start({ log: (message) => changes.push(message) });
    const changed = await post(controlUrl(sandbox, '/sandbox-slow'), { mode: 'down' });
    expect(changed).toMatchObject({ status: 200, body: { id: 'sandbox-slow', mode: 'down' } });
    expect(sandbox.modes()).toEqual({
      'sandbox-fast': 'healthy',
      'sandbox-slow': 'down',
      'sandbox-flaky': 'healthy',
    });
    expect(changes.at(-1)).toBe('sandbox provider sandbox-slow: healthy → down');
    const list = (await (await fetch(controlUrl(sandbox))).json()) as { data: { base_url: string }[] };
    expect(list.data.map((provider) => provider.base_url)).toEqual(
      sandbox.providers.map((provider) => provider.baseUrl),
    );
  });

  it('answer 404 to unknown ids and 400 to bad modes, changing nothing', async () => {
    const sandbox = await start();
    expect(await post(controlUrl(sandbox, '/other'), { mode: 'down' })).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown_provider' } },
    });
    for (const body of [{ mode: 'broken' }, { mode: ['down'] }, {}, null, 'down']) {
      expect(sandbox.handleControl('sandbox-fast', body).status).toBe(400);
    }
    expect(sandbox.handleControl('toString', { mode: 'down' }).status).toBe(404);
    expect(sandbox.modes()['sandbox-fast']).toBe('healthy');
  });
});
