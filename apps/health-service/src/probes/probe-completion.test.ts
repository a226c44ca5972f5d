import type { ProviderConfig, Secrets } from '@gatewayz/config';
import {
  answers,
  drops,
  failsWith,
  failsWith200,
  hangs,
  redirectsTo,
  repliesHtml,
  repliesWith,
  repliesWithBytes,
  repliesWithoutChoices,
  type Script,
  startFakeProvider,
} from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { type CompletionProbe, probeCompletion, type TokenLimitField } from './probe-completion.ts';
import { probeModels } from './probe-models.ts';
import { openProbedProvider, type ProbedProvider } from './probed-provider.ts';

const KEY = 'sk-canary-0123456789';

async function withProvider<Result>(
  script: Script,
  use: (provider: ProbedProvider) => Promise<Result>,
): Promise<Result> {
  const fake = await startFakeProvider({ byDefault: script, modelsScript: script });
  const config = {
    name: 'one',
    baseUrl: fake.url,
    headers: { 'x-organisation': 'canary-header' },
  } as unknown as ProviderConfig;
  const secrets = { providerKeys: new Map([['one', KEY]]) } as unknown as Secrets;
  const provider = openProbedProvider(
    { ...config, maxConnections: 4, allowPrivateAddresses: true },
    secrets,
    1000,
  );
  try {
    return await use(provider);
  } finally {
    await provider.connection.pool.destroy();
    await fake.close();
  }
}

const complete = (
  script: Script,
  stop: AbortSignal = new AbortController().signal,
  limitField: TokenLimitField = 'max_tokens',
): Promise<CompletionProbe> =>
  withProvider(script, (provider) =>
    probeCompletion(provider, { model: 'm', maxTokens: 16, limitField, timeoutMs: 500, stop }),
  );

test('a whole answer is a success, with the usage that the provider tells', async () => {
  const probe = await complete(answers({ usage: { value: { prompt_tokens: 7, completion_tokens: 2 } } }));
  expect(probe).toMatchObject({ outcome: 'success', usage: { inputTokens: 7, outputTokens: 2 } });
});

test.each([
  ['no choices', repliesWithoutChoices(), 'provider_error'],
  ['an error in a 200', failsWith200(), 'provider_error'],
  ['a page', repliesHtml(), 'provider_error'],
  ['a body without end', repliesWithBytes(1_000_000), 'provider_error'],
  ['a redirect', redirectsTo('http://127.0.0.1:1/'), 'provider_error'],
  ['silence', hangs(), 'timeout'],
  ['a reset', drops(), 'network'],
  ['401', failsWith(401), 'credentials'],
  ['429', failsWith(429), 'rate_limited'],
  ['503', failsWith(503), 'provider_error'],
  ['400', failsWith(400), 'caller'],
] as const)('%s: what it is counted as', async (_, script, outcome) => {
  const probe = await complete(script);
  expect(probe).toMatchObject({ outcome, usage: null });
  expect(probe.detail).not.toBe('');
});

test('an answer to a list that is none, or is too large, is a provider error', async () => {
  for (const script of [repliesHtml(), repliesWithBytes(17_000_000)]) {
    const probe = await withProvider(script, (one) => probeModels(one, 2000, new AbortController().signal));
    expect(probe).toMatchObject({ outcome: 'provider_error', models: null });
  }
});

test('what a provider says is one short line without our secrets', async () => {
  const message = `bad\r\nkey ${KEY} of canary-header ${'x'.repeat(5000)}`;
  const { detail } = await complete(failsWith(500, { message }));
  expect(detail).toMatch(/^answered 500: bad key \[redacted\] of \[redacted\] x+$/);
  expect(detail?.length).toBeLessThanOrEqual(300);
});

test('usage that makes no sense counts as none, and never as less than nothing', async () => {
  const usage = { value: { prompt_tokens: -5, completion_tokens: 'many' } };
  expect((await complete(answers({ usage }))).usage).toEqual({ inputTokens: 0, outputTokens: 0 });
});

test('a model that wants another name for the limit says so', async () => {
  const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
  expect((await complete(failsWith(400, { message }))).wants).toBe('max_completion_tokens');
  expect((await complete(failsWith(400))).wants).toBeNull();
  expect((await complete(repliesWith({ json: {} }))).wants).toBeNull();
});

test('a probe that is stopped proves nothing', async () => {
  const stop = new AbortController();
  const probe = complete(hangs(), stop.signal);
  stop.abort();
  expect(await probe).toMatchObject({ outcome: 'client_closed' });
});
