import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Answer, ask, chatBody } from './ask.ts';
import { type Stage, startStage } from './stage.ts';

const BODY_LIMIT = 4 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

let stage: Stage<'primary'>;

beforeAll(async () => {
  stage = await startStage({
    providers: { primary: {} },
    config: { server: { bodyLimitBytes: BODY_LIMIT } },
  });
});

afterAll(() => stage.close());

beforeEach(() => stage.providers.primary.clear());

/** The gateway refused, in OpenAI's shape, and nothing went to the provider. */
function expectRefusal(answer: Answer, status: number, about: Readonly<Record<string, unknown>> = {}): void {
  const type = 'invalid_request_error';
  expect([answer.status, answer.error]).toMatchObject([
    status,
    { type, message: expect.any(String), ...about },
  ]);
  expect(answer.error?.message.length).toBeLessThan(1000);
  expect(answer.error?.request_id).toMatch(/^[\w-]{8,}$/);
  expect(answer.headers.get('x-request-id')).toBe(answer.error?.request_id);
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(stage.providers.primary.log).toEqual([]);
}

async function expectHealthy(): Promise<void> {
  const { status } = await ask(stage.gateway, { body: chatBody('still there?') });
  expect(status).toBe(200);
}

function nested(depth: number): string {
  return `{"model":"large","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
}

function manyKeys(count: number): string {
  const keys = Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',');
  return `{"model":"large","messages":[{"role":"user","content":"x"}],${keys}}`;
}

test('a body up to the limit passes, one byte more is 413', async () => {
  const text = JSON.stringify(chatBody('x'));
  const fitting = text.padEnd(BODY_LIMIT, ' ');
  expect((await ask(stage.gateway, { body: fitting })).status).toBe(200);
  stage.providers.primary.clear();
  expectRefusal(await ask(stage.gateway, { body: `${fitting} ` }), 413, { code: 'request_too_large' });
  await expectHealthy();
});

test('a chunked body that grows over the limit is 413 too', async () => {
  const parts = (async function* () {
    for (let sent = 0; sent <= BODY_LIMIT; sent += MEGABYTE) yield Buffer.alloc(MEGABYTE, 0x20);
    yield Buffer.from('{}');
  })();
  const response = await fetch(`${stage.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: parts as unknown as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  const { error } = (await response.json()) as { error: { code: string; request_id: string } };
  expect([response.status, error.code]).toEqual([413, 'request_too_large']);
  expect(error.request_id).toBe(response.headers.get('x-request-id'));
});

test.each([
  ['an empty body', ''],
  ['white space', ' \n '],
  ['no JSON', 'hello'],
  ['half a JSON', '{"model":"large","messages":[{"role":"user"'],
  ['JSON with a tail', '{"model":"large","messages":[{"role":"user","content":"x"}]} tail'],
  ['NaN', '{"model":"large","messages":[{"role":"user","content":"x"}],"temperature":NaN}'],
  ['an array', '[{"model":"large"}]'],
  ['a string', '"large"'],
  ['null', 'null'],
  ['a trailing comma', '{"model":"large","messages":[{"role":"user","content":"x"}],}'],
])('%s is 400', async (_, body) => {
  expectRefusal(await ask(stage.gateway, { body, method: 'POST' }), 400);
});

test('bytes that are no UTF-8 are 400', async () => {
  const body = Buffer.concat([
    Buffer.from('{"model":"large","messages":[{"role":"user","content":"'),
    Buffer.of(0xff, 0xc0, 0xfe),
    Buffer.from('"}]}'),
  ]);
  expectRefusal(await ask(stage.gateway, { body }), 400);
});

test.each([
  ['an array', ['large']],
  ['an object', { name: 'large' }],
  ['a number', 7],
  ['a boolean', true],
  ['null', null],
  ['nothing', undefined],
  ['empty', ''],
  ['a megabyte', 'x'.repeat(MEGABYTE)],
])('a model that is %s is 400 and names the field', async (_, model) => {
  expectRefusal(await ask(stage.gateway, { body: chatBody('x', { model }) }), 400, { param: 'model' });
});

test.each([
  ['a line break', 'large\r\nx-injected: 1'],
  ['quotes', 'la"rge\\'],
  ['a NUL', 'large\0'],
  ['a label of its own', 'x",provider="forged'],
])('a model with %s in it is refused, and is in no metric', async (_, model) => {
  const answer = await ask(stage.gateway, { body: chatBody('x', { model }) });
  expect([400, 404]).toContain(answer.status);
  expectRefusal(answer, answer.status, { param: 'model' });
  expect(answer.headers.get('x-injected')).toBeNull();
  const metrics = await stage.gateway.metrics();
  const values = metrics.families.flatMap(({ samples }) =>
    samples.map(({ labels }) => labels.model ?? 'large'),
  );
  expect(new Set(values)).toEqual(new Set(['large']));
});

test.each([
  ['messages as text', { messages: 'hello' }, 'messages'],
  ['messages as an object', { messages: { role: 'user', content: 'x' } }, 'messages'],
  ['messages of strings', { messages: ['hello'] }, 'messages'],
  ['no messages', { messages: [] }, 'messages'],
  ['stream as text', { stream: 'true' }, 'stream'],
  ['stream as a number', { stream: 1 }, 'stream'],
  ['stream options as a list', { stream: true, stream_options: [] }, 'stream_options'],
  ['stream options as text', { stream: true, stream_options: 'include_usage' }, 'stream_options'],
])('%s: 400, and the field is named', async (_, more, param) => {
  expectRefusal(await ask(stage.gateway, { body: chatBody('x', more) }), 400, { param });
});

test.each([
  ['/v1/completions', 'prompt', 7],
  ['/v1/completions', 'prompt', {}],
  ['/v1/embeddings', 'input', null],
  ['/v1/embeddings', 'input', []],
])('%s with a wrong %s is 400', async (path, param, value) => {
  expectRefusal(await ask(stage.gateway, { path, body: { model: 'large', [param]: value } }), 400, { param });
});

test.each([
  ['100,000 levels of nesting', nested(100_000)],
  ['a million keys', manyKeys(1_000_000).slice(0, -1).concat('}')],
])('%s is refused quickly enough that others are served', async (_, body) => {
  const [answer] = await Promise.all([ask(stage.gateway, { body }), ask(stage.gateway, { path: '/health' })]);
  expect([400, 413]).toContain(answer.status);
  expectRefusal(answer, answer.status);
  await expectHealthy();
});

test('200,000 keys within the body limit are 400', async () => {
  expectRefusal(await ask(stage.gateway, { body: manyKeys(200_000) }), 400);
});

test.each(['model', 'stream', 'stream_options', 'messages'])('a second "%s" is 400', async (field) => {
  const values: Readonly<Record<string, unknown>> = {
    model: 'other',
    stream: true,
    stream_options: {},
    messages: [{ role: 'user', content: 'y' }],
  };
  const first = JSON.stringify(chatBody('x', { stream: false, stream_options: null }));
  const second = `"${field}":${JSON.stringify(values[field])}`;
  expectRefusal(await ask(stage.gateway, { body: first.replace(/\}$/, `,${second}}`) }), 400);
  const hidden = second.replace(
    field,
    `\\u${field.charCodeAt(0).toString(16).padStart(4, '0')}${field.slice(1)}`,
  );
  expectRefusal(await ask(stage.gateway, { body: first.replace(/\}$/, `,${hidden}}`) }), 400);
});

test('__proto__ and constructor go through as data and touch no prototype', async () => {
  const evil = '"__proto__":{"model":"forged","isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}';
  const text = JSON.stringify(chatBody('x')).replace(/\}$/, `,${evil}}`);
  expect((await ask(stage.gateway, { body: text })).status).toBe(200);
  expect(stage.providers.primary.attempts()[0]?.body.toString()).toBe(text);
  const onlyInherited = `{"messages":[{"role":"user","content":"x"}],"__proto__":{"model":"large"}}`;
  stage.providers.primary.clear();
  expectRefusal(await ask(stage.gateway, { body: onlyInherited }), 400, { param: 'model' });
  const models = (await ask(stage.gateway, { path: '/v1/models' })).text;
  expect(models).not.toMatch(/isAdmin|forged/);
  await expectHealthy();
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonx',
  '*/*',
])('the content type %s is 415', async (type) => {
  const answer = await ask(stage.gateway, { body: chatBody('x'), headers: { 'content-type': type } });
  expectRefusal(answer, 415, { code: 'unsupported_media_type' });
});

test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8'])(
  'the content type %s is taken',
  async (type) => {
    const answer = await ask(stage.gateway, { body: chatBody('x'), headers: { 'content-type': type } });
    expect(answer.status).toBe(200);
  },
);

test.each(['gzip', 'deflate', 'br', 'gzip, gzip'])('a body in the coding %s is 415', async (coding) => {
  const headers = { 'content-type': 'application/json', 'content-encoding': coding };
  const answer = await ask(stage.gateway, { body: chatBody('x'), headers });
  expectRefusal(answer, 415, { code: 'unsupported_content_encoding' });
  const plain = { ...headers, 'content-encoding': 'identity' };
  expect((await ask(stage.gateway, { body: chatBody('x'), headers: plain })).status).toBe(200);
});

test.each([
  ['GET', '/nothing-here'],
  ['POST', '/v1/chat/completions/more'],
  ['GET', '/v1/../etc/passwd'],
  ['GET', '/%2e%2e/%2e%2e/etc/passwd'],
  ['DELETE', '/v1/models'],
  ['GET', '/v1/chat/completions'],
  ['PUT', '/v1/chat/completions'],
  ['PATCH', '/metrics'],
])('%s %s is 404, or 405 where the path is known', async (method, path) => {
  const answer = await ask(stage.gateway, { path, method });
  expect([404, 405]).toContain(answer.status);
  expectRefusal(answer, answer.status);
});

test.each(['/%zz', '/v1/%', '/v1/chat/%c0%af'])('the path %s is 400 or 404', async (path) => {
  const answer = await ask(stage.gateway, { path });
  expect([400, 404]).toContain(answer.status);
  expectRefusal(answer, answer.status);
});
