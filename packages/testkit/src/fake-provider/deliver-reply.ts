import { STATUS_CODES } from 'node:http';
import type { AttemptEnd, OpenAttempt } from './attempt.ts';
import { BodyWriter } from './body-writer.ts';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';
import type { Fault, FaultPoint } from './script.ts';

type Framing = 'length' | 'chunked' | 'close';

/** How a delivery ended, and whether the connection may carry another request. */
export interface Delivered {
  readonly end: AttemptEnd;
  readonly keepAlive: boolean;
}

const NOWHERE: FaultPoint = { afterEvents: Number.POSITIVE_INFINITY };
const DEFAULT_ERROR = { message: 'The model failed', type: 'server_error', param: null, code: null };

function framingOf({ delivery, length }: Reply, exchange: Exchange): Framing {
  const { framing = length === null ? 'chunked' : 'length', fault } = delivery;
  const needsChunks = fault?.kind === 'close' || fault?.kind === 'bad_chunk' || length === null;
  const fitting = framing === 'length' && needsChunks ? 'chunked' : framing;
  return fitting === 'chunked' && exchange.request.version === '1.0' ? 'close' : fitting;
}

function keepsConnection(reply: Reply, framing: Framing, exchange: Exchange): boolean {
  const isClosing = reply.headers.connection?.toLowerCase() === 'close';
  return exchange.request.keepAlive && framing !== 'close' && !isClosing;
}

function toHead(reply: Reply, framing: Framing, keepAlive: boolean): Buffer {
  const { fault } = reply.delivery;
  const delta = fault?.kind === 'wrong_content_length' ? fault.delta : 0;
  let head = `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}\r\n`;
  for (const [name, value] of Object.entries(reply.headers)) head += `${name}: ${value}\r\n`;
  if (framing === 'chunked') head += 'transfer-encoding: chunked\r\n';
  if (framing === 'length') head += `content-length: ${(reply.length ?? 0) + delta}\r\n`;
  if (reply.headers.connection === undefined) {
    head += keepAlive ? 'connection: keep-alive\r\n' : 'connection: close\r\n';
  }
  return Buffer.from(`${head}\r\n`, 'latin1');
}

function pointOf(fault: Fault | undefined): FaultPoint {
  return fault !== undefined && 'at' in fault ? fault.at : NOWHERE;
}

async function writeFrames(writer: BodyWriter, reply: Reply): Promise<void> {
  const point = pointOf(reply.delivery.fault);
  const maxEvents = 'afterEvents' in point ? point.afterEvents : Number.POSITIVE_INFINITY;
  const maxBytes = 'afterBytes' in point ? point.afterBytes : Number.POSITIVE_INFINITY;
  if (maxEvents <= 0 || maxBytes <= 0) return;
  let events = 0;
  for (const frame of reply.frames) {
    const room = maxBytes - writer.bytes;
    await writer.add(frame, Math.min(room, frame.bytes.length));
    if (frame.isEvent) events += 1;
    if (events >= maxEvents || writer.bytes >= maxBytes) return;
  }
}

async function strike(
  fault: Fault,
  writer: BodyWriter,
  exchange: Exchange,
  attempt: OpenAttempt,
): Promise<void> {
  await writer.flush();
  if (fault.kind === 'bad_chunk') await writer.raw(Buffer.from('not-hex\r\ndata: {}\r\n'));
  await exchange.flushed();
  attempt.end = `fault:${fault.kind}`;
  if (fault.kind === 'reset') exchange.reset();
  else if (fault.kind === 'cut') exchange.destroy();
  else if (fault.kind !== 'stall') exchange.end();
  await exchange.untilClosed();
}

async function finishWithFault(
  fault: Fault,
  writer: BodyWriter,
  exchange: Exchange,
  attempt: OpenAttempt,
): Promise<boolean> {
  switch (fault.kind) {
    case 'drip':
    case 'close':
      await writer.finish();
      return true;
    case 'error_event': {
      const error = JSON.stringify({ error: fault.error ?? DEFAULT_ERROR });
      await writer.add({ bytes: Buffer.from(`data: ${error}\n\n`), isEvent: true });
      if (fault.done === true) await writer.add({ bytes: Buffer.from('data: [DONE]\n\n'), isEvent: true });
      await writer.finish();
      return true;
    }
    case 'wrong_content_length':
      if (fault.delta > 0) await strike(fault, writer, exchange, attempt);
      await writer.finish();
      return true;
    case 'stall':
    case 'cut':
    case 'reset':
    case 'half_close':
    case 'bad_chunk':
      await strike(fault, writer, exchange, attempt);
      return false;
    default:
      return fault satisfies never;
  }
}

function createWriter(
  reply: Reply,
  framing: Framing,
  exchange: Exchange,
  attempt: OpenAttempt,
  head: Buffer,
  keepsText: boolean,
): BodyWriter {
  const { delivery } = reply;
  const { fault } = delivery;
  const isDrip = fault?.kind === 'drip';
  const isWhole = Array.isArray(reply.frames) && reply.length !== null && fault === undefined;
  const byDefault = isWhole ? 'allAtOnce' : 'perEvent';
  return new BodyWriter(exchange, attempt, {
    head,
    keepsText,
    isChunked: framing === 'chunked',
    chunking: isDrip ? { sliceBytes: fault.bytes } : (delivery.chunking ?? byDefault),
    intervalMs: isDrip ? fault.intervalMs : (delivery.intervalMs ?? 0),
  });
}

/** Sends a reply as its delivery says. Rejects with `ExchangeClosedError` when the connection goes away. */
export async function deliverReply(
  reply: Reply,
  exchange: Exchange,
  attempt: OpenAttempt,
  keepsText: boolean,
): Promise<Delivered> {
  const { fault, delayBeforeHeadersMs = 0, delayBeforeBodyMs = 0 } = reply.delivery;
  const framing = framingOf(reply, exchange);
  const keepAlive = keepsConnection(reply, framing, exchange);
  if (delayBeforeHeadersMs > 0) await exchange.sleep(delayBeforeHeadersMs);
  const head = toHead(reply, framing, keepAlive);
  const writer = createWriter(reply, framing, exchange, attempt, head, keepsText);
  attempt.status = reply.status;
  if (delayBeforeBodyMs > 0) {
    await writer.flush();
    await exchange.sleep(delayBeforeBodyMs);
  }
  await writeFrames(writer, reply);
  if (reply.leaveOpen) await leaveOpen(writer, exchange, attempt);
  if (fault === undefined) await writer.finish();
  else if (!(await finishWithFault(fault, writer, exchange, attempt)))
    return { end: attempt.end, keepAlive: false };
  if (exchange.bytesWaiting > 0) await exchange.flushed();
  if (!keepAlive) exchange.end();
  return { end: fault === undefined ? 'complete' : `fault:${fault.kind}`, keepAlive };
}

async function leaveOpen(writer: BodyWriter, exchange: Exchange, attempt: OpenAttempt): Promise<void> {
  await writer.flush();
  attempt.end = 'fault:left_open';
  await exchange.untilClosed();
}
