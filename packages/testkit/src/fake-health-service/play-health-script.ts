import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock/clock.ts';
import type { HealthPath, HealthScript } from './health-script.ts';
import { toHealthyAnswer } from './healthy-answer.ts';

const JSON_TYPE = 'application/json';
const FILL: Buffer = Buffer.alloc(1 << 16, 0x20);

/** Does with a request what its script says. */
export async function playHealthScript(
  script: HealthScript,
  path: HealthPath,
  response: ServerResponse,
  clock: Clock,
): Promise<void> {
  switch (script.kind) {
    case 'answer':
      await wait(script.delayMs, clock);
      reply(response, 200, {}, toHealthyAnswer(path, script.fields));
      return;
    case 'reply':
      await wait(script.delayMs, clock);
      reply(response, script.status ?? 200, script.headers ?? {}, Buffer.from(script.body));
      return;
    case 'hang':
      return;
    case 'stall':
      writePart(response, path, script.afterBytes);
      return;
    case 'cut':
      writePart(response, path, script.afterBytes, () => response.destroy());
      return;
    case 'drop':
      response.destroy();
      return;
    case 'flood':
      await flood(response, script.totalBytes);
      return;
    default:
      return script satisfies never;
  }
}

function wait(delayMs: number | undefined, clock: Clock): Promise<void> | undefined {
  if (delayMs === undefined) return undefined;
  return new Promise((resolve) => void clock.setTimeout(resolve, delayMs));
}

function reply(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): void {
  response.writeHead(status, { 'content-type': JSON_TYPE, 'content-length': body.length, ...headers });
  response.end(body);
}

function writePart(response: ServerResponse, path: HealthPath, bytes: number, onWritten?: () => void): void {
  const body = toHealthyAnswer(path);
  response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': body.length });
  response.write(body.subarray(0, bytes), onWritten);
}

async function flood(response: ServerResponse, totalBytes: number): Promise<void> {
  const closing = new AbortController();
  response.once('close', () => closing.abort());
  response.writeHead(200, { 'content-type': JSON_TYPE });
  try {
    for (let left = totalBytes; left > 0; left -= FILL.length) {
      const hasRoom = response.write(FILL.subarray(0, left));
      if (!hasRoom) await once(response, 'drain', { signal: closing.signal });
    }
    response.end();
  } catch {
    // the client has left
  }
}
