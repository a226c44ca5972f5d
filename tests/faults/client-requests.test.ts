import { connect } from 'node:net';
import { answers, collectChat, expectedAnswer, readSse } from '@gatewayz/testkit';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ask, chatBody, type OpenaiError } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import { CHAT_CHUNKS, CHAT_HEAD, CHAT_JSON, expectClosedWith, rawChat, sendRaw } from './raw-chat.ts';

const PATIENT = { timeout: 10_000, interval: 5 };

let stage: Stage<'primary'>;

beforeAll(async () => {
  const slow = answers({ intervalMs: 10 });
  stage = await startStage({ providers: { primary: { models: { slow } } }, models: ['large', 'slow'] });
});

afterAll(() => stage.close());

beforeEach(() => stage.providers.primary.clear());

function request(line: string, headers = ''): string {
  return `${line} HTTP/1.1\r\nhost: gateway\r\n${headers}\r\n`;
}

function saysOk(text: string): boolean {
  return text.includes('{"status":"ok"}');
}

/** The whole answers in what one connection brought, each as its head and its body. */
function splitAnswers(text: string): readonly { readonly head: string; readonly body: string }[] {
  return text.split(/(?=HTTP\/1\.1 \d{3} )/).map((answer) => {
    const split = answer.indexOf('\r\n\r\n');
    return { head: answer.slice(0, split), body: answer.slice(split + 4) };
  });
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString();
}

test('Client: header bombs → 431 and the end of the connection', async () => {
  const bombs = {
    'one of 200 kB': `x-bomb: ${'a'.repeat(200_000)}\r\n`,
    'a name of 100 kB': `${'x'.repeat(100_000)}: a\r\n`,
    'ten thousand': Array.from({ length: 10_000 }, (_, index) => `x-${index}: b\r\n`).join(''),
    'a key of 100 kB': `authorization: Bearer ${'k'.repeat(100_000)}\r\n`,
    'empty ones': 'x:\r\n'.repeat(20_000),
  };
  for (const [what, headers] of Object.entries(bombs))
    expectClosedWith(await sendRaw(stage.gateway.port, rawChat({}, headers)), 431, what);
  const url = await sendRaw(stage.gateway.port, request(`GET /${'u'.repeat(100_000)}`));
  expectClosedWith(url, 431);
  const trailers = CHAT_CHUNKS.slice(0, -2) + 'x-t: aaaaaaaa\r\n'.repeat(10_000);
  const late = `${CHAT_HEAD}transfer-encoding: chunked\r\n\r\n${trailers}\r\n`;
  const { statuses, closedBy } = await sendRaw(stage.gateway.port, late);
  expect(statuses).toEqual([431]);
  expect(closedBy).not.toBe('timeout');
  expect(stage.providers.primary.log).toEqual([]);
});

test('Client: header bombs → none of what a client sends in its headers goes to the provider', async () => {
  const headers = {
    'x-api-base': 'http://127.0.0.1:1',
    'x-forwarded-host': 'other',
    cookie: 'a=b',
    'api-key': 'k',
  };
  expect((await ask(stage.gateway, { body: chatBody('x'), headers })).status).toBe(200);
  const sent = stage.providers.primary.attempts()[0]?.headers ?? {};
  for (const name of Object.keys(headers)) expect(sent).not.toHaveProperty(name);
});

test('Client: odd content types → 415, or taken where they are JSON of some kind', async () => {
  const { port } = stage.gateway;
  const send = (type: string): ReturnType<typeof sendRaw> =>
    sendRaw(port, rawChat({}, 'connection: close\r\n').replace('content-type: application/json\r\n', type));
  const refused = [
    'text/plain',
    'text/json',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    '*/*',
    'json',
    '',
  ];
  for (const type of refused) expectClosedWith(await send(`content-type: ${type}\r\n`), 415, type);
  expectClosedWith(await send(''), 415, 'none');
  expect(stage.providers.primary.log).toEqual([]);
  const taken = [
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/vnd.api+json',
    'application/json; charset="a;b"',
  ];
  for (const type of taken)
    expect([type, (await send(`content-type: ${type}\r\n`)).statuses]).toEqual([type, [200]]);
  expect(stage.providers.primary.attempts()).toHaveLength(taken.length);
});

test('Client: pipelining → answered in order, each with its own answer, streams among them', async () => {
  const asked = [
    { model: 'slow', stream: true, messages: [{ role: 'user', content: 'words=30 first' }] },
    { model: 'large', messages: [{ role: 'user', content: 'words=4 second' }] },
    { model: 'large', stream: true, messages: [{ role: 'user', content: 'words=6 third' }] },
    { model: 'unknown', messages: [{ role: 'user', content: 'fourth' }] },
    { model: 'slow', messages: [{ role: 'user', content: 'words=8 fifth' }] },
  ];
  const bytes =
    asked.map((body) => rawChat(body)).join('') + request('GET /health/live', 'connection: close\r\n');
  const answer = await sendRaw(stage.gateway.port, bytes);
  expect([answer.statuses, answer.closedBy]).toEqual([[200, 200, 200, 404, 200, 200], 'server']);
  const parts = splitAnswers(answer.text);
  const ids = parts.map(({ head }) => /x-request-id: (\S+)/i.exec(head)?.[1]);
  expect(new Set(ids).size).toBe(parts.length);
  for (const [index, body] of asked.entries()) {
    const part = parts[index] ?? { head: '', body: '' };
    if (body.model === 'unknown') {
      const { error } = JSON.parse(part.body) as { error: OpenaiError };
      expect([error.code, error.request_id]).toEqual(['model_not_found', ids[index]]);
    } else if (body.stream === true) {
      const chat = collectChat(await readSse(new Response(unchunk(part.body))).all());
      expect(chat).toMatchObject({
        text: expectedAnswer(body),
        done: true,
        malformed: [],
        eventsAfterDone: 0,
      });
    } else {
      const { choices } = JSON.parse(utf8(part.body)) as { choices: { message: { content: string } }[] };
      expect(choices[0]?.message.content).toBe(expectedAnswer(body));
    }
  }
  expect(parts.at(-1)?.body).toBe('{"status":"ok"}');
});

/** The bytes of a chunked body. Throws where it does not end as one. */
function unchunk(body: string): Buffer {
  const bytes = Buffer.from(body, 'latin1');
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(size >= 0)) throw new Error(`no chunk at ${at}`);
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

test('Client: pipelining → a client that leaves takes all of its requests with it', async () => {
  const socket = connect(stage.gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const long = { model: 'slow', stream: true, messages: [{ role: 'user', content: 'words=2000' }] };
  socket.write(rawChat(long).repeat(5));
  const { primary } = stage.providers;
  await vi.waitFor(() => expect(primary.attempts()).toHaveLength(5), PATIENT);
  socket.destroy();
  await vi.waitFor(() => {
    expect(primary.attempts().map(({ end }) => end)).toEqual(
      Array.from({ length: 5 }, () => 'client_closed'),
    );
  }, PATIENT);
  await settledMetrics(stage.gateway);
});

test('HTTP/1.0 is served: closed after the answer, or kept where the client asks for it', async () => {
  const { port } = stage.gateway;
  const old = (text: string): string => text.replaceAll('HTTP/1.1', 'HTTP/1.0');
  const closed = await sendRaw(port, old(rawChat()));
  expect([closed.statuses, closed.closedBy]).toEqual([[200], 'server']);
  const kept = old(request('GET /health/live', 'connection: keep-alive\r\n'));
  const last = old(request('GET /health/live'));
  expect((await sendRaw(port, kept + last)).statuses).toEqual([200, 200]);
  const stream = await sendRaw(port, old(rawChat({ stream: true })));
  expect([stream.statuses, stream.closedBy]).toEqual([[200], 'server']);
  const [head = '', body = ''] = stream.text.split('\r\n\r\n', 2);
  expect(head.toLowerCase()).not.toContain('transfer-encoding');
  expect(stream.text.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(body).toMatch(/^data: \{/);
});

test('Expect: 100-continue is answered and then the request; another expectation is 417', async () => {
  const isWhole = (text: string): boolean => text.includes('"finish_reason"');
  const answer = await sendRaw(stage.gateway.port, rawChat({}, 'expect: 100-continue\r\n'), isWhole);
  expect(answer.statuses).toEqual([100, 200]);
  stage.providers.primary.clear();
  expectClosedWith(await sendRaw(stage.gateway.port, rawChat({}, 'expect: miracles\r\n')), 417);
  expect(stage.providers.primary.log).toEqual([]);
});

test('HEAD answers like GET without a body, and leaves the connection in order', async () => {
  for (const path of ['/health', '/v1/models', '/metrics', '/nothing', '/v1/chat/completions']) {
    const bytes = request(`HEAD ${path}`) + request('GET /health/live');
    const answer = await sendRaw(stage.gateway.port, bytes, saysOk);
    const expected = path === '/nothing' ? 404 : path.includes('chat') ? 405 : 200;
    expect([path, answer.statuses]).toEqual([path, [expected, 200]]);
    expect(answer.text.split('\r\n\r\n')[1]).toMatch(/^HTTP\/1\.1 200/);
  }
});

test.each([
  ['GET', '/v1/chat/completions', 'POST'],
  ['PUT', '/v1/chat/completions', 'POST'],
  ['OPTIONS', '/v1/chat/completions', 'POST'],
  ['DELETE', '/v1/embeddings?x=1', 'POST'],
  ['PATCH', '/v1/completions/', 'POST'],
  ['POST', '/v1/models', 'GET, HEAD'],
  ['DELETE', '/metrics', 'GET, HEAD'],
  ['OPTIONS', '/health', 'GET, HEAD'],
  ['POST', '/v1/requests/some-id/explain', 'GET, HEAD'],
  ['GET', '/admin/providers/primary/breaker', 'POST'],
])('%s %s is 405 with Allow: %s', async (method, path, allowed) => {
  const answer = await ask(stage.gateway, { method, path });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed]);
  expect(answer.error).toMatchObject({ type: 'invalid_request_error', code: 'method_not_allowed' });
  expect(answer.error?.request_id).toBe(answer.headers.get('x-request-id'));
  const metrics = await settledMetrics(stage.gateway);
  expect(metrics.sum('fastapi_requests_total', { status_code: '405', path: 'other' })).toBeGreaterThan(0);
});

test('methods beyond the usual ones are 405 on a known path and 404 on an unknown one', async () => {
  for (const method of ['TRACE', 'PROPFIND', 'PURGE', 'LINK']) {
    const bytes = request(`${method} /health`) + request(`${method} /nothing`) + request('GET /health/live');
    expect((await sendRaw(stage.gateway.port, bytes, saysOk)).statuses).toEqual([405, 404, 200]);
  }
});

test.each(['websocket', 'h2c', 'TLS/1.0'])(
  'an upgrade to %s is not taken up, and the connection goes on',
  async (to) => {
    const socket = connect(stage.gateway.port, '127.0.0.1');
    let text = '';
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
    });
    try {
      socket.write(
        rawChat({}, `connection: Upgrade, HTTP2-Settings\r\nupgrade: ${to}\r\nhttp2-settings: AAMAAABk\r\n`),
      );
      await vi.waitFor(() => expect(text).toContain('"finish_reason"'), PATIENT);
      socket.write(request('GET /health/live'));
      await vi.waitFor(() => expect(saysOk(text)).toBe(true), PATIENT);
      expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    } finally {
      socket.destroy();
    }
  },
);

test('trailers are read and forgotten: they change no header and reach no provider', async () => {
  const trailers =
    'x-trailer: 1\r\nauthorization: Bearer other\r\nhost: other\r\ncontent-type: text/plain\r\n';
  const body = `${CHAT_CHUNKS.slice(0, -2)}${trailers}\r\n`;
  const bytes = `${CHAT_HEAD}trailer: x-trailer\r\ntransfer-encoding: chunked\r\n\r\n${body}${request('GET /health/live')}`;
  expect((await sendRaw(stage.gateway.port, bytes, saysOk)).statuses).toEqual([200, 200]);
  const [attempt] = stage.providers.primary.attempts();
  expect(attempt?.body.toString()).toBe(CHAT_JSON);
  expect(JSON.stringify(attempt?.headers)).not.toMatch(/trailer|other|text\/plain/);
});
