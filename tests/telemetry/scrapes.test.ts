import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';

const TOKEN = 'token-of-the-scraper-0123456789';
const WRITE_TIMEOUT_MS = 1000;
const SCRAPES = 300;
/** More than the system's buffers hold. */
const PIPELINED = 100;
const GET = `GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`;

let stage: Stage<'primary'>;

beforeAll(async () => {
  stage = await startStage({
    providers: { primary: {} },
    config: { server: { writeTimeoutMs: WRITE_TIMEOUT_MS } },
    gateway: { env: { METRICS_TOKEN: TOKEN } },
  });
  await ask(stage.gateway, { body: chatBody('Hello') });
});

afterAll(() => stage.close());

function scrape(): Promise<Response> {
  return fetch(`${stage.gateway.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
}

async function connected(): Promise<Socket> {
  const socket = connect(stage.gateway.port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

describe('whoever scrapes', () => {
  test('Telemetry: `/metrics` without its token → 401, whatever stands in its place', async () => {
    const wrong = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Bearer ${'x'.repeat(TOKEN.length)}`,
      `Bearer ${'x'.repeat(8_000)}`,
      `Basic ${TOKEN}`,
      TOKEN,
    ];
    for (const path of ['/metrics', '/prometheus/metrics', '/prometheus/metrics/summary']) {
      for (const authorization of wrong) {
        const headers = authorization === undefined ? {} : { authorization };
        const { status, text, error } = await ask(stage.gateway, { path, headers });
        expect([path, authorization, status, error?.code]).toEqual([
          path,
          authorization,
          401,
          'invalid_token',
        ]);
        expect(text).not.toContain('fastapi_');
      }
      const headers = { authorization: `Bearer ${TOKEN}` };
      expect((await ask(stage.gateway, { path, headers })).status).toBe(200);
    }
  });

  test('Telemetry: scrape storm → scrapes share what is rendered, and requests go on beside them', async () => {
    const scrapes = Array.from({ length: SCRAPES }, scrape);
    const requests = Array.from({ length: 20 }, () => ask(stage.gateway, { body: chatBody('Hello') }));
    const answers = await Promise.all(scrapes);
    expect((await Promise.all(requests)).every(({ status }) => status === 200)).toBe(true);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const texts = new Set(await Promise.all(answers.map((answer) => answer.text())));
    expect(texts.size).toBeLessThan(SCRAPES / 3);
    const after = await settledMetrics(stage.gateway);
    expect(after.sum('fastapi_requests_in_progress')).toBe(1);
  });

  test('Telemetry: slow scraper → it is cut off after its deadline, and others are answered meanwhile', async () => {
    const slow = await connected();
    slow.pause();
    for (let asked = 0; asked < PIPELINED; asked += 1) slow.write(GET);
    await vi.waitFor(async () => {
      const metrics = await stage.gateway.metrics();
      expect(metrics.sum('fastapi_requests_in_progress')).toBeGreaterThan(1);
    });
    expect((await ask(stage.gateway, { body: chatBody('Hello') })).status).toBe(200);
    await settledMetrics(stage.gateway);
    const closed = once(slow, 'close');
    slow.resume();
    await closed;
    expect(slow.bytesRead).toBeGreaterThan(0);
  });

  test('Telemetry: scraper that dies → nothing stays in progress for it', async () => {
    const sockets = await Promise.all(Array.from({ length: 100 }, connected));
    for (const socket of sockets) {
      socket.write(GET);
      if (Math.random() < 0.5) socket.resetAndDestroy();
      else setImmediate(() => socket.destroy());
    }
    const after = await settledMetrics(stage.gateway);
    expect(after.sum('fastapi_requests_in_progress')).toBe(1);
    expect((await ask(stage.gateway, { body: chatBody('Hello') })).status).toBe(200);
  });
});
