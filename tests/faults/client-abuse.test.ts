import { type FakeProvider, startFakeProvider } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { providerKey, type Stage, startStage } from '../stage.ts';
import { CHAT_HEAD, CHAT_JSON, sendRaw } from './raw-chat.ts';

let stage: Stage<'primary'>;
/** A server within reach of the gateway that no configuration names. */
let elsewhere: FakeProvider;

beforeAll(async () => {
  elsewhere = await startFakeProvider({});
  stage = await startStage({ providers: { primary: {} } });
});

afterAll(async () => {
  await stage.close();
  await elsewhere.close();
});

beforeEach(() => stage.providers.primary.clear());

function expectNobodyElseAsked(): void {
  expect([elsewhere.log, elsewhere.stats().connections]).toEqual([[], 0]);
}

test('fields that would override the target, at any depth of a body, move neither the request nor the key', async () => {
  const { url } = elsewhere;
  const override = {
    api_base: url,
    base_url: url,
    baseURL: url,
    api_key: 'sk-forged',
    provider: { base_url: url, api_base: url },
    custom_llm_provider: 'elsewhere',
    extra_headers: { authorization: 'Bearer forged', host: 'elsewhere' },
    proxy: url,
  };
  const bodies = [
    chatBody('x', override),
    chatBody('x', { metadata: override, extra_body: { extra_body: override } }),
    chatBody('x', { messages: [{ role: 'user', content: 'x', ...override }] }),
    chatBody('x', { stream: true, stream_options: override }),
  ];
  for (const body of bodies) {
    const { status, headers } = await ask(stage.gateway, { body });
    expect([status, headers.get('x-gatewayz-provider')]).toEqual([200, 'primary']);
    const sent = stage.providers.primary.attempts().at(-1);
    expect(sent?.headers.authorization).toBe(`Bearer ${providerKey('primary')}`);
    expect(sent?.path).toBe('/v1/chat/completions');
  }
  expectNobodyElseAsked();
});

test.each([
  'URL',
  'URL/large',
  'URL#',
  'primary@URL',
  '//elsewhere/large',
  'file:///etc/passwd',
  '../../../etc/passwd',
  '169.254.169.254/latest',
  '0x7f000001/large',
])('a model named %s is not found, and nobody is asked for it', async (name) => {
  const model = name.replace('URL', elsewhere.url);
  const { status, error } = await ask(stage.gateway, { body: chatBody('x', { model }) });
  expect([status, error?.param]).toEqual([404, 'model']);
  expect(stage.providers.primary.log).toEqual([]);
  expectNobodyElseAsked();
});

test.each(['primary/../large', 'primary/URL', 'primary//elsewhere'])(
  'a model named %s, of a provider picked outright, is no more than data to that provider',
  async (name) => {
    const model = name.replace('URL', elsewhere.url);
    expect((await ask(stage.gateway, { body: chatBody('x', { model }) })).status).toBe(200);
    const [sent] = stage.providers.primary.attempts();
    expect([sent?.path, sent?.model]).toEqual(['/v1/chat/completions', model.replace('primary/', '')]);
    expectNobodyElseAsked();
  },
);

test('headers and query of a client move nothing either, and none of them is forwarded or sent back', async () => {
  const { host } = new URL(elsewhere.url);
  const headers = {
    'x-forwarded-host': host,
    'x-forwarded-for': '127.0.0.1',
    'x-original-url': '/admin/providers',
    'x-http-method-override': 'GET',
    'x-request-id': 'chosen-by-the-client',
    'x-gatewayz-provider': 'elsewhere',
    authorization: 'Bearer of-the-client',
    forwarded: `host=${host}`,
  };
  const path = `/v1/chat/completions?api_base=${elsewhere.url}&model=other&x=%0d%0ax-injected:1`;
  const answer = await ask(stage.gateway, { path, headers, body: chatBody('x') });
  expect([answer.status, answer.headers.get('x-gatewayz-provider')]).toEqual([200, 'primary']);
  expect(answer.headers.get('x-request-id')).not.toBe('chosen-by-the-client');
  expect(answer.headers.get('x-injected')).toBeNull();
  const [sent] = stage.providers.primary.attempts();
  expect(sent?.path).toBe('/v1/chat/completions');
  expect(JSON.stringify(sent?.headers)).not.toMatch(/of-the-client|chosen-by|forwarded|override|original/);
  expectNobodyElseAsked();
});

test('a Host of another server moves nothing', async () => {
  const { host } = new URL(elsewhere.url);
  const head = CHAT_HEAD.replace('host: gateway', `host: ${host}`);
  const bytes = `${head}connection: close\r\ncontent-length: ${CHAT_JSON.length}\r\n\r\n${CHAT_JSON}`;
  const answer = await sendRaw(stage.gateway.port, bytes);
  expect(answer.statuses).toEqual([200]);
  expect(answer.text).not.toContain(host);
  expect(stage.providers.primary.attempts()).toHaveLength(1);
  expectNobodyElseAsked();
});

test.each([
  '/%0d%0ax-injected:%201',
  '/v1/requests/a%0d%0ax-injected:1/explain',
  '/<script>alert(1)</script>',
])('what is in the path %s is in no header of the answer, and in no HTML', async (path) => {
  const answer = await ask(stage.gateway, { path });
  expect(answer.status).toBe(404);
  expect(answer.headers.get('x-injected')).toBeNull();
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.text).not.toMatch(/injected|<script>/);
});
