import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@gatewayz/telemetry';
import { temporaryFolder } from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../inference/exchange.ts';
import { readAll, startExchanges } from '../inference/exchange-fixture.ts';
import { chatEvent, DONE_EVENT } from '../inference/stream-fixture.ts';
import { logBodies } from './log-bodies.ts';

const KEY = 'key-of-the-provider';

/** The lines that a request's bodies make, less the warning at the start. */
async function linesOf(exchange: Exchange, bodies: 'never' | 'debug-unsafe') {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'out');
  const fd = openSync(path, 'a');
  const logger = createLogger({ app: 'test', fd, bodies, redact: [KEY] });
  logBodies(logger, exchange);
  await logger.close(1000);
  closeSync(fd);
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const read = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return read.filter(({ message }) => String(message).endsWith(' body'));
}

describe('bodies', () => {
  test('of a plain request are a line each, with its id, and without keys', async () => {
    await using stage = await startExchanges(['only']);
    const { client, exchange } = await stage.ask({ messages: [{ role: 'user', content: `Hi ${KEY}` }] });
    (await stage.call()).answer(200, `{"choices":[{"message":{"content":"Hello ${KEY}"}}]}`);
    await readAll(client);
    const [request, answer, ...more] = await linesOf(exchange, 'debug-unsafe');
    expect(request).toMatchObject({ message: 'Request body', request_id: 'req-1', model: 'large' });
    expect(request?.body).toContain('Hi [redacted]');
    expect(answer).toMatchObject({ message: 'Answer body', request_id: 'req-1', provider: 'only' });
    expect(answer?.body).toContain('Hello [redacted]');
    expect(more).toEqual([]);
  });

  test('of a stream are the text that it came to', async () => {
    await using stage = await startExchanges(['only']);
    const { client, exchange } = await stage.ask({ stream: true });
    const call = await stage.call();
    call.begin(200, { 'content-type': 'text/event-stream' });
    call.data(chatEvent('one ') + chatEvent('two') + chatEvent(null, { finish: 'stop' }) + DONE_EVENT);
    call.end();
    await readAll(client);
    const [, answer] = await linesOf(exchange, 'debug-unsafe');
    expect(answer?.body).toBe('one two');
  });

  test('of a refusal are what the provider said', async () => {
    await using stage = await startExchanges(['only']);
    const { client, exchange } = await stage.ask();
    (await stage.call()).answer(400, '{"error":{"message":"no such parameter"}}');
    await readAll(client);
    const [, answer] = await linesOf(exchange, 'debug-unsafe');
    expect(answer?.body).toBe('no such parameter');
  });

  test('are none unless they are asked for', async () => {
    await using stage = await startExchanges(['only']);
    const { client, exchange } = await stage.ask();
    (await stage.call()).answer(200, '{"choices":[{"message":{"content":"Hello"}}]}');
    await readAll(client);
    expect(await linesOf(exchange, 'never')).toEqual([]);
  });
});
