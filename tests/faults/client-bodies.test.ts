import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Answer, ask, chatBody } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';

const BODY_LIMIT = 4 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;
const TEXT = JSON.stringify(chatBody('x'));

let stage: Stage<'primary'>;

beforeAll(async () => {
  stage = await startStage({
    providers: { primary: {} },
    config: { server: { bodyLimitBytes: BODY_LIMIT } },
  });
});

afterAll(() => stage.close());

beforeEach(() => stage.providers.primary.clear());

/** Refused in OpenAI's shape, without a word of the body in it and without a call of the provider; others are served. */
async function expectRefused(body: unknown, status: number, about: object = {}): Promise<void> {
  const [answer, other] = await Promise.all([
    ask(stage.gateway, { body, method: 'POST' }),
    ask(stage.gateway, { path: '/health' }),
  ]);
  expect(other.status).toBe(200);
  expectError(answer, status, about);
  expect(stage.providers.primary.log).toEqual([]);
}

function expectError({ status, error, headers }: Answer, expected: number, about: object): void {
  const shape = { type: 'invalid_request_error', message: expect.any(String), ...about };
  expect([status, error]).toMatchObject([expected, shape]);
  expect(error?.message.length).toBeLessThan(1000);
  expect(headers.get('x-request-id')).toBe(error?.request_id);
}

/** The provider gets the very bytes. */
async function expectPassed(body: string): Promise<void> {
  expect((await ask(stage.gateway, { body })).status).toBe(200);
  expect(stage.providers.primary.attempts().at(-1)?.body.toString()).toBe(body);
}

function withField(field: string): string {
  return TEXT.replace(/\}$/, `,${field}}`);
}

function keys(count: number): string {
  return Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',');
}

test('Client: body empty → 400, of nothing and of white space', async () => {
  await expectRefused('', 400);
  await expectRefused(' \r\n\t ', 400);
  await expectRefused('\ufeff', 400);
  await expectRefused('{}', 400, { param: 'model' });
});

test('Client: body huge → 413, said in advance or found out on the way', async () => {
  await expectRefused(TEXT.padEnd(BODY_LIMIT + 1), 413, { code: 'request_too_large' });
  const parts = (async function* () {
    for (let sent = 0; sent <= BODY_LIMIT; sent += MEGABYTE) yield Buffer.alloc(MEGABYTE, 0x20);
  })();
  const response = await fetch(`${stage.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: parts as unknown as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  expect(response.status).toBe(413);
  await response.body?.cancel();
  expect(stage.providers.primary.log).toEqual([]);
});

test('Client: body 10^5 deep → 400, whatever it is nested in', async () => {
  const deep = (open: string, close: string): string => open.repeat(100_000) + close.repeat(100_000);
  await expectRefused(withField(`"x":${deep('[', ']')}`), 400);
  await expectRefused(withField(`"x":${deep('{"a":', '}').replace('}', '1}')}`), 400);
  await expectRefused(withField(`"x":${'['.repeat(1_000_000)}`), 400);
  await expectRefused(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400);
});

test('Client: body with 10^6 keys → 400 or 413, others are served meanwhile', async () => {
  await expectRefused(withField(keys(1_000_000)), 413);
  await expectRefused(withField(keys(200_000)), 400);
  await expectRefused(withField(`"x":{${keys(200_000)}}`), 400);
});

test('Client: body with duplicate keys → 400 where they change what the gateway does', async () => {
  const twice = ['"model":"other"', '"mod\\u0065l":"other"', '"messages":[]', '"stream":true,"stream":false'];
  for (const fields of twice) await expectRefused(withField(fields), 400);
  await expectPassed(withField('"seed":1,"seed":2'));
});

test('Client: body with `__proto__` → data like any other, prototype untouched', async () => {
  const evil =
    '"__proto__":{"model":"forged","stream":true,"status":500},"constructor":{"prototype":{"status":500}}';
  await expectPassed(withField(evil));
  await expectPassed(TEXT.replace('"role"', '"__proto__":{"role":"system"},"role"'));
  stage.providers.primary.clear();
  await expectRefused('{"messages":[{"role":"user","content":"x"}],"__proto__":{"model":"large"}}', 400, {
    param: 'model',
  });
  await expectPassed(TEXT);
});

test('Client: body with lone surrogates → escaped they pass as they are, as bytes they are 400', async () => {
  for (const text of ['\\ud800', '\\udc00\\ud800', 'a\\ud83d', '\\ud83d\\ude00'])
    await expectPassed(JSON.stringify(chatBody('MARK')).replace('MARK', text));
  stage.providers.primary.clear();
  for (const bytes of [
    [0xed, 0xa0, 0x80],
    [0xff],
    [0xc0, 0xaf],
    [0xf0, 0x9f, 0x98],
    [0xf4, 0x90, 0x80, 0x80],
  ]) {
    const [start = '', end = ''] = JSON.stringify(chatBody('MARK')).split('MARK');
    await expectRefused(Buffer.concat([Buffer.from(start), Buffer.from(bytes), Buffer.from(end)]), 400);
  }
  await expectRefused(Buffer.from(TEXT, 'utf16le'), 400);
});

test('Client: body with NaN → 400, and so is all else that JSON does not know', async () => {
  for (const value of [
    'NaN',
    'Infinity',
    '-Infinity',
    'undefined',
    '01',
    '+1',
    '.5',
    '1.',
    '0x10',
    "'a'",
    '1,',
    '"\n"',
  ])
    await expectRefused(withField(`"temperature":${value}`), 400);
  for (const body of ['hello', TEXT.slice(0, -3), `${TEXT}x`, `${TEXT}${TEXT}`, '[]', '"large"', 'null', '7'])
    await expectRefused(body, 400);
  await expectPassed(withField('"temperature":1e400,"seed":123456789012345678901234567890'));
});

/** Refused with the field named, and the model has not become a label. */
async function expectNoLabel(models: readonly unknown[], statuses: readonly number[] = [400]): Promise<void> {
  for (const model of models) {
    const answer = await ask(stage.gateway, { body: chatBody('x', { model }) });
    expect(statuses).toContain(answer.status);
    expectError(answer, answer.status, { param: 'model' });
    expect(answer.headers.get('x-injected')).toBeNull();
  }
  expect(stage.providers.primary.log).toEqual([]);
  const { families } = await settledMetrics(stage.gateway);
  const labels = families.flatMap(({ samples }) => samples.map((sample) => sample.labels.model ?? 'large'));
  expect(new Set(labels)).toEqual(new Set(['large']));
}

test('Client: `model` as array → 400; never a label', () => expectNoLabel([['large'], [], [['large']]]));

test('Client: `model` as object → 400; never a label', () =>
  expectNoLabel([{}, { name: 'large' }, { toString: 'large' }, null]));

test('Client: `model` as number → 400; never a label', () => expectNoLabel([0, 7, -1.5, true, false]));

test('Client: `model` of a megabyte → 400; never a label', () =>
  expectNoLabel(['x'.repeat(MEGABYTE), 'x'.repeat(257), '']));

test('Client: `model` with CRLF → refused; never a label and never a header', () =>
  expectNoLabel(
    ['large\r\nx-injected: 1', 'primary/large\r\nx-injected: 1', 'large\n', 'large\0', '\u2028'],
    [400, 404],
  ));

test('Client: `model` with quotes → refused; never a label', () =>
  expectNoLabel(
    ['la"rge\\', 'x",provider="forged"} 1\n', "large' OR 1=1", '__proto__', 'constructor'],
    [400, 404],
  ));
