import { gunzipSync } from 'node:zlib';

export interface LokiEntry {
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface PushedStream {
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: readonly LokiEntry[];
}

/** A body that is none: Loki takes nothing of it. */
export class PushError extends Error {}

const MAX_TIMESTAMP = 2n ** 63n - 1n;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readTexts(value: unknown, what: string): Readonly<Record<string, string>> {
  if (!isObject(value)) throw new PushError(`${what}: expected an object`);
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new PushError(`${what}: the value of ${name} is no string`);
  }
  return value as Readonly<Record<string, string>>;
}

function readTimestamp(value: unknown): bigint {
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) {
    throw new PushError('a timestamp must be a string of nanoseconds');
  }
  const timestamp = BigInt(value);
  if (timestamp > MAX_TIMESTAMP) throw new PushError('a timestamp is out of range');
  return timestamp;
}

function readEntry(value: unknown): LokiEntry {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) {
    throw new PushError('an entry must have a timestamp, a line and at most metadata');
  }
  const [timestamp, line, metadata = {}] = value as readonly unknown[];
  if (typeof line !== 'string') throw new PushError('a line must be a string');
  return {
    timestamp: readTimestamp(timestamp),
    line,
    metadata: readTexts(metadata, 'structured metadata'),
  };
}

/** A body as it was before its encoding. @throws PushError */
export function unpack(body: Buffer, encoding: string, maxBytes: number): Buffer {
  if (encoding === '') return body;
  if (encoding !== 'gzip') throw new PushError(`Content-Encoding "${encoding}" not supported`);
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (error) {
    throw new PushError(`gzip: ${(error as Error).message}`);
  }
}

/** Reads the JSON body of a push, as strictly as Loki does. @throws PushError */
export function readPush(body: Uint8Array): readonly PushedStream[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw new PushError(`no JSON: ${(error as Error).message}`);
  }
  if (!isObject(value) || !Array.isArray(value.streams)) throw new PushError('no streams');
  return value.streams.map((stream: unknown) => {
    if (!isObject(stream) || !Array.isArray(stream.values)) throw new PushError('a stream without values');
    return { labels: readTexts(stream.stream, 'labels'), entries: stream.values.map(readEntry) };
  });
}
