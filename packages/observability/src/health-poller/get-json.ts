import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { HealthPollError } from './health-poll-error.ts';
import { parseLenientJson } from './parse-lenient-json.ts';

/** How one answer is fetched. */
export interface GetJsonOptions {
  /** Ends the request and closes its connection. */
  readonly signal: AbortSignal;
  /** Bytes of body from which on the answer is refused, unread. */
  readonly maxBytes: number;
}

/**
 * Gets a JSON document over HTTP or HTTPS with Node's own client: a connection of its own, closed at the end, so that
 * none is found dead at the next poll; no redirect followed, nothing decompressed. Throws {@link HealthPollError}, or
 * what the connection failed with.
 */
export async function getJson(url: URL, { signal, maxBytes }: GetJsonOptions): Promise<unknown> {
  const response = await open(url, signal);
  try {
    if (response.statusCode !== 200) {
      throw new HealthPollError('status', `answered ${response.statusCode}`);
    }
    return parseLenientJson(await readText(response, maxBytes));
  } finally {
    response.destroy();
  }
}

function open(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  const headers = { accept: 'application/json', 'accept-encoding': 'identity' };
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers, signal }, resolve).on('error', reject);
  });
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new HealthPollError('too_large', `the answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
