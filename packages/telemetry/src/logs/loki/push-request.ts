import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LokiTarget } from './loki-target.ts';

/** How a push ended, as far as it is known. */
export type PushResult =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: string; readonly text: string }
  | { readonly kind: 'failure'; readonly reason: string };

/** Sends a gzipped JSON body and waits for the answer's end; never rejects, never follows a redirect. */
export type Push = (body: Uint8Array) => Promise<PushResult>;

const MAX_ANSWER = 2_048;

function readAnswer(response: IncomingMessage, settle: (result: PushResult) => void): void {
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    if (text.length < MAX_ANSWER) text += chunk;
  });
  response.on('end', () => {
    const retryAfter = response.headers['retry-after'] ?? '';
    settle({ kind: 'answer', status: response.statusCode ?? 0, retryAfter, text: text.slice(0, MAX_ANSWER) });
  });
  response.on('error', (error) => settle({ kind: 'failure', reason: error.message }));
  response.on('close', () => settle({ kind: 'failure', reason: 'the answer was cut off' }));
}

/** Makes the function that pushes to one target over a kept connection. */
export function createPush({ url, headers }: LokiTarget, timeoutMs: number): Push {
  const isSecure = url.startsWith('https:');
  const agent = isSecure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  const start = isSecure ? requestHttps : requestHttp;
  return (body) =>
    new Promise((resolve) => {
      const request = start(url, {
        method: 'POST',
        agent,
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          'content-length': body.byteLength,
        },
      });
      const timer = setTimeout(() => request.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
      const settle = (result: PushResult): void => {
        clearTimeout(timer);
        resolve(result);
      };
      request.on('response', (response) => readAnswer(response, settle));
      request.on('error', (error: NodeJS.ErrnoException) =>
        settle({ kind: 'failure', reason: error.message || (error.code ?? 'the connection failed') }),
      );
      request.end(body);
    });
}
