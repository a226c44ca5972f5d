import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createManualClock } from '../clock/manual-clock.ts';
import { type FakeHealthService, startFakeHealthService } from './fake-health-service.ts';
import { HEALTH_PATHS, type HealthPath, type HealthScript } from './health-script.ts';

let service: FakeHealthService;
const clock = createManualClock();

beforeEach(async () => {
  service = await startFakeHealthService({ clock });
});
afterEach(() => service.close());

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(service.url + path, init);

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

/** What a client gets of the answer's body, and whether it was whole. */
async function readAll(path: HealthPath, script: HealthScript): Promise<readonly [number, boolean]> {
  service.setScript(path, script);
  let bytes = 0;
  try {
    for await (const chunk of (await get(path)).body ?? []) bytes += chunk.length;
    return [bytes, true];
  } catch {
    return [bytes, false];
  }
}

describe('answers', () => {
  test('every path answers as a healthy service does', async () => {
    for (const path of HEALTH_PATHS) {
      const response = await get(path);
      expect([path, response.status, response.headers.get('content-type')]).toEqual([
        path,
        200,
        'application/json',
      ]);
      expect(Object.keys((await response.json()) as object).length).toBeGreaterThan(2);
    }
  });

  test('fields are changed, added and taken out', async () => {
    const fields = { total_models: null, tracked_models: undefined, colour: 'blue' };
    service.setScript('/metrics', { kind: 'answer', fields });
    const body = (await (await get('/metrics')).json()) as Record<string, unknown>;
    expect(body).toMatchObject({ total_models: null, colour: 'blue', total_providers: 14 });
    expect('tracked_models' in body).toBe(false);
  });

  test('a reply is what the script says, to the byte', async () => {
    const headers = { 'content-type': 'text/html', location: 'http://elsewhere.test/' };
    service.setScript('/status', { kind: 'reply', status: 302, body: '<html>', headers });
    const response = await get('/status', { redirect: 'manual' });
    expect([response.status, response.headers.get('location'), await response.text()]).toEqual([
      302,
      headers.location,
      '<html>',
    ]);
  });

  test('a delay is on the clock', async () => {
    service.setScript('/health', { kind: 'answer', delayMs: 29_000 });
    const response = get('/health');
    await until(() => clock.pendingTimers === 1);
    expect(service.stats().open).toBe(1);
    clock.advance(29_000);
    expect((await response).status).toBe(200);
  });

  test('a path that is none of its own is 404, another method 405', async () => {
    expect((await get('/models')).status).toBe(404);
    expect((await get('/health', { method: 'POST' })).status).toBe(405);
    expect(service.stats()).toMatchObject({ strayRequests: 1, requests: { '/health': 1 } });
  });
});

describe('faults', () => {
  test('a hang says nothing, and is seen to end when the client leaves', async () => {
    service.setScript('/health', { kind: 'hang' });
    const leaving = new AbortController();
    const response = get('/health', { signal: leaving.signal });
    await until(() => service.stats().open === 1);
    leaving.abort();
    await expect(response).rejects.toThrow();
    await until(() => service.stats().open === 0);
    expect(service.log.map(({ end }) => end)).toEqual(['broken']);
  });

  test('a stall leaves the announced body without its end', async () => {
    service.setScript('/metrics', { kind: 'stall', afterBytes: 10 });
    const response = await get('/metrics');
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(10);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(10);
    expect(service.stats().open).toBe(1);
    await reader?.cancel();
  });

  test('a cut and a drop end the connection', async () => {
    expect(await readAll('/status', { kind: 'cut', afterBytes: 12 })).toEqual([12, false]);
    expect(await readAll('/status', { kind: 'drop' })).toEqual([0, false]);
  });

  test('a flood has the bytes that it was told, and goes no faster than they are read', async () => {
    expect(await readAll('/status', { kind: 'flood', totalBytes: 300_000 })).toEqual([300_000, true]);
    service.clear();
    service.setScript('/status', { kind: 'flood', totalBytes: 500_000_000 });
    const socket = connect(service.port, '127.0.0.1');
    socket.write('GET /status HTTP/1.1\r\nhost: x\r\n\r\n');
    socket.once('data', () => socket.destroy());
    await until(() => service.stats().requests['/status'] === 1 && service.stats().open === 0);
    expect(service.stats().bytesSent).toBeLessThan(50_000_000);
  });

  test('stopped it refuses, and started again it is at the same port', async () => {
    const { url } = service;
    service.setScript('/health', { kind: 'hang' });
    const hanging = get('/health').catch(() => 'failed');
    await until(() => service.stats().open === 1);
    await service.stop();
    expect(await hanging).toBe('failed');
    await expect(get('/status')).rejects.toThrow();
    await service.start();
    expect([service.url, (await get('/status')).status]).toEqual([url, 200]);
  });
});

test('requests are counted by path, and how many were open at once', async () => {
  service.setScript('/health', { kind: 'answer', delayMs: 10 });
  service.setScript('/status', { kind: 'answer', delayMs: 10 });
  const first = [get('/health'), get('/health'), get('/status')];
  await until(() => clock.pendingTimers === 3);
  clock.advance(10);
  await Promise.all(first);
  await get('/metrics');
  expect(service.stats()).toMatchObject({
    requests: { '/health': 2, '/status': 1, '/metrics': 1, '/cache/stats': 0 },
    mostOpen: 3,
    mostOpenByPath: { '/health': 2, '/status': 1, '/metrics': 1, '/cache/stats': 0 },
  });
  expect(service.log.map(({ path }) => path).sort()).toEqual(['/health', '/health', '/metrics', '/status']);
  service.clear();
  expect(service.stats()).toMatchObject({ requests: { '/health': 0 }, mostOpen: 0, bytesSent: 0 });
  expect(service.log).toEqual([]);
});
