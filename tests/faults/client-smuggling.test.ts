import { connect } from 'node:net';
import { answers } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import {
  CHAT_CHUNKS,
  CHAT_HEAD,
  CHAT_JSON,
  CHAT_LINE,
  expectClosedWith,
  rawChat,
  sendRaw,
} from './raw-chat.ts';

const LENGTH = `content-length: ${CHAT_JSON.length}\r\n`;
const CHUNKED = 'transfer-encoding: chunked\r\n';
/** What an attacker would want to be served as a request of its own. */
const SMUGGLED = rawChat({ user: 'smuggled' });

let stage: Stage<'primary'>;

beforeAll(async () => {
  stage = await startStage({
    providers: { primary: { models: { slow: answers({ intervalMs: 20 }) } } },
    models: ['large', 'slow'],
  });
});

afterAll(() => stage.close());

beforeEach(() => stage.providers.primary.clear());

/** Each is 400 and the end of the connection, and neither it nor the request behind it reaches the provider. */
async function expectAllRefused(shapes: Readonly<Record<string, string>>): Promise<void> {
  for (const [what, bytes] of Object.entries(shapes)) {
    expectClosedWith(await sendRaw(stage.gateway.port, bytes + SMUGGLED), 400, what);
    await settledMetrics(stage.gateway);
    expect(stage.providers.primary.log, what).toEqual([]);
  }
}

test('Client: request smuggling shapes → a length beside chunks', () =>
  expectAllRefused({
    'the length first': `${CHAT_HEAD}${LENGTH}${CHUNKED}\r\n${CHAT_CHUNKS}`,
    'the chunks first': `${CHAT_HEAD}${CHUNKED}${LENGTH}\r\n${CHAT_CHUNKS}`,
    'chunks in HTTP/1.0': `${CHAT_HEAD.replace('1.1', '1.0')}${CHUNKED}\r\n${CHAT_CHUNKS}`,
    'a length in the trailers': `${CHAT_HEAD}${CHUNKED}\r\n${CHAT_CHUNKS.slice(0, -2)}${LENGTH}\r\n`,
  }));

test('Client: request smuggling shapes → transfer codings that one server knows and another does not', async () => {
  const codings = [
    'identity\r\ntransfer-encoding: chunked',
    'chunked\r\ntransfer-encoding: identity',
    'chunked\r\ntransfer-encoding: chunked',
    'gzip, chunked',
    'identity, chunked',
    'chunked, identity',
    'chunked, chunked',
    'xchunked',
    '"chunked"',
    'chunked;q=1',
    '\x0bchunked',
    'chunked\0',
    '',
  ];
  const shapes = codings.map((coding) => [
    JSON.stringify(coding),
    `${CHAT_HEAD}transfer-encoding: ${coding}\r\n\r\n${CHAT_CHUNKS}`,
  ]);
  await expectAllRefused(Object.fromEntries(shapes));
});

test('Client: request smuggling shapes → lengths that differ, repeat or are no number', async () => {
  const { length } = CHAT_JSON;
  const lengths = [
    `${length}\r\ncontent-length: ${length + 1}`,
    `${length}\r\ncontent-length: ${length}`,
    `${length}, ${length}`,
    `+${length}`,
    '-1',
    `0x${length.toString(16)}`,
    `${length}.0`,
    `${length} 0`,
    '99999999999999999999999',
    '',
  ];
  const shapes = lengths.map((value) => [
    JSON.stringify(value),
    `${CHAT_HEAD}content-length: ${value}\r\n\r\n${CHAT_JSON}`,
  ]);
  await expectAllRefused(Object.fromEntries(shapes));
});

test('Client: request smuggling shapes → chunk sizes that are none', async () => {
  const size = CHAT_JSON.length.toString(16);
  const chunks = [
    'zz\r\n',
    `-1\r\n${CHAT_CHUNKS}`,
    `0x${CHAT_CHUNKS}`,
    `fffffffffffffffff\r\n${CHAT_JSON}`,
    `${size} \r\n${CHAT_JSON}\r\n0\r\n\r\n`,
    `${size}\n${CHAT_JSON}\n0\n\n`,
    `${size};a\n${CHAT_JSON}\r\n0\r\n\r\n`,
    `${(CHAT_JSON.length - 2).toString(16)}\r\n${CHAT_JSON}\r\n0\r\n\r\n`,
    `\r\n${CHAT_CHUNKS}`,
  ];
  const shapes = chunks.map((body) => [JSON.stringify(body), `${CHAT_HEAD}${CHUNKED}\r\n${body}`]);
  await expectAllRefused(Object.fromEntries(shapes));
});

test('Client: request smuggling shapes → NUL, bare CR and LF, spaces and missing names in headers', async () => {
  const rest = `${LENGTH}\r\n${CHAT_JSON}`;
  const lines = [
    'x-a: b\0c\r\n',
    'x\0a: b\r\n',
    'x-a: b\rc\r\n',
    'x-a: b\n',
    'x-a: b\ntransfer-encoding: chunked\r\n',
    'content-length : 2\r\n',
    ' x-a: b\r\n',
    'x-a\r\n',
    ': b\r\n',
    'x a: b\r\n',
  ];
  const shapes = lines.map((line) => [JSON.stringify(line), `${CHAT_HEAD}${line}${rest}`]);
  await expectAllRefused({
    ...Object.fromEntries(shapes),
    'LF alone everywhere': `${CHAT_HEAD}${LENGTH}\r\n`.replaceAll('\r\n', '\n') + CHAT_JSON,
    'LF alone before the body': `${CHAT_HEAD}${LENGTH}\n${CHAT_JSON}`,
    'tabs in the request line': CHAT_HEAD.replace('POST ', 'POST\t') + rest,
    'a NUL in the path': CHAT_HEAD.replace('completions', 'completions\0') + rest,
  });
});

test('Client: two Host headers → 400, be they the same or not, none at all or one that is no host', () =>
  expectAllRefused({
    different: `${CHAT_HEAD}host: other\r\n${LENGTH}\r\n${CHAT_JSON}`,
    'the same': `${CHAT_HEAD}Host: gateway\r\n${LENGTH}\r\n${CHAT_JSON}`,
    'on an unknown path': `GET /nothing HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n`,
    'in HTTP/1.0': `${CHAT_HEAD.replace('1.1', '1.0')}host: other\r\n${LENGTH}\r\n${CHAT_JSON}`,
    none: `${CHAT_LINE}content-type: application/json\r\n${LENGTH}\r\n${CHAT_JSON}`,
    'a user before it': `${CHAT_HEAD.replace('gateway', 'a@gateway')}${LENGTH}\r\n${CHAT_JSON}`,
    'two in one': `${CHAT_HEAD.replace('gateway', 'gateway, other')} ${LENGTH}\r\n${CHAT_JSON}`,
    'a path behind it': `${CHAT_HEAD.replace('gateway', 'gateway/v1')}${LENGTH}\r\n${CHAT_JSON}`,
  }));

test('Client: absolute-form → 400, and so is every other target that is no path', async () => {
  const targets = [
    'http://gateway/v1/chat/completions',
    'http://other.example/v1/chat/completions',
    'HTTPS://gateway/v1/chat/completions',
    'v1/chat/completions',
    'gateway:443',
    '*',
    '?x',
  ];
  const shapes = targets.map((target) => [
    target,
    `${CHAT_HEAD.replace('/v1/chat/completions', target)}${LENGTH}\r\n${CHAT_JSON}`,
  ]);
  await expectAllRefused({
    ...Object.fromEntries(shapes),
    CONNECT: 'CONNECT other.example:443 HTTP/1.1\r\nhost: other.example:443\r\n\r\n',
    'HTTP/0.9': 'GET /health\r\n\r\n',
    'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'HTTP/1.2': 'GET /health HTTP/1.2\r\nhost: x\r\n\r\n',
  });
});

test('Client: obsolete folding → 400', () =>
  expectAllRefused({
    'of any header': `${CHAT_HEAD}x-a: b\r\n c\r\n${LENGTH}\r\n${CHAT_JSON}`,
    'with a tab': `${CHAT_HEAD}x-a: b\r\n\tc\r\n${LENGTH}\r\n${CHAT_JSON}`,
    'of the framing': `${CHAT_HEAD}transfer-encoding:\r\n chunked\r\n\r\n${CHAT_CHUNKS}`,
    'of the first header': CHAT_HEAD.replace('\r\n', '\r\n x-a: b\r\n') + LENGTH,
  }));

test('Client: chunk-extension floods → 400, in one chunk or over many', async () => {
  const size = CHAT_JSON.length.toString(16);
  const many = [...CHAT_JSON].map((byte) => `1;${'e'.repeat(10_000)}\r\n${byte}\r\n`).join('');
  await expectAllRefused({
    'one chunk': `${CHAT_HEAD}${CHUNKED}\r\n${size};${'e'.repeat(40_000)}\r\n${CHAT_JSON}\r\n0\r\n\r\n`,
  });
  // What is behind the flood comes over the same connection after it, and is not looked at any more.
  const flood = `${CHAT_HEAD}${CHUNKED}\r\n${many}0\r\n\r\n`;
  expectClosedWith(await sendRaw(stage.gateway.port, flood), 400);
  expect(stage.providers.primary.log).toEqual([]);
});

test('chunks with a small extension, and chunks of one byte each, are a proper body', async () => {
  const isWhole = (text: string): boolean => text.includes('"finish_reason"');
  const size = CHAT_JSON.length.toString(16);
  const long = JSON.stringify({ ...JSON.parse(CHAT_JSON), user: 'u'.repeat(60_000) });
  for (const body of [
    `${size};name="a;b"\r\n${CHAT_JSON}\r\n0\r\n\r\n`,
    `${[...long].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`,
  ]) {
    const answer = await sendRaw(stage.gateway.port, `${CHAT_HEAD}${CHUNKED}\r\n${body}`, isWhole);
    expect(answer.statuses).toEqual([200]);
  }
  expect(stage.providers.primary.attempts().map(({ body }) => body.toString())).toEqual([CHAT_JSON, long]);
});

test('a flawed request behind a stream is answered behind it, and nothing after it is served', async () => {
  const stream = rawChat({ model: 'slow', stream: true });
  const flawed = `${CHAT_HEAD}host: other\r\n${LENGTH}\r\n${CHAT_JSON}`;
  const answer = await sendRaw(stage.gateway.port, stream + flawed + SMUGGLED);
  expect([answer.statuses, answer.closedBy]).toEqual([[200, 400], 'server']);
  expect(answer.text.indexOf('[DONE]')).toBeLessThan(answer.text.indexOf('HTTP/1.1 400'));
  expect(answer.text).toContain('[DONE]');
  const attempts = stage.providers.primary.attempts();
  expect(attempts.map(({ model, end }) => [model, end])).toEqual([['slow', 'complete']]);
});

test('what is behind a request that closes its connection is neither served nor answered', async () => {
  const closing = rawChat({ model: 'slow' }, 'connection: close\r\n');
  for (const rest of [SMUGGLED, 'junk junk\r\n\r\n']) {
    stage.providers.primary.clear();
    const answer = await sendRaw(stage.gateway.port, closing + rest);
    expect([answer.statuses, answer.closedBy]).toEqual([[200], 'server']);
    expect(answer.text).toContain('"finish_reason"');
    expect(stage.providers.primary.attempts()).toHaveLength(1);
  }
});

test('bytes that come after a refusal change nothing', async () => {
  const socket = connect(stage.gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => {
    parts.push(part);
    socket.write(SMUGGLED);
  });
  socket.write(`${CHAT_HEAD}host: other\r\n${LENGTH}\r\n${CHAT_JSON}`);
  await new Promise((resolve) => socket.once('close', resolve));
  expect(
    Buffer.concat(parts)
      .toString()
      .match(/HTTP\/1\.1 \d+/g),
  ).toEqual(['HTTP/1.1 400']);
  await settledMetrics(stage.gateway);
  expect(stage.providers.primary.log).toEqual([]);
});
